/* kdlab.h - the commands of kdlab. Each returns the exit status: 0, or 2 for what it cannot do. */
#ifndef KDLAB_H
#define KDLAB_H

#define KDLAB_FAILED 2

/* argv[0] is the command's name. kernel_dir: where the built kernels are. */
int kdlab_serve(int argc, char **argv, const char *kernel_dir);
int kdlab_replay(int argc, char **argv, const char *kernel_dir);
int kdlab_dump(int argc, char **argv, const char *kernel_dir);
int kdlab_truth(int argc, char **argv, const char *kernel_dir);
int kdlab_symbols(int argc, char **argv, const char *kernel_dir);

#endif
