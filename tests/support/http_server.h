/* http_server.h - a server that gives the answers it was told to, one a connection, in a thread.
 *
 * Errors    None: what fails ends the test run. */
#ifndef TESTS_SUPPORT_HTTP_SERVER_H
#define TESTS_SUPPORT_HTTP_SERVER_H

#include <stddef.h>

struct http_answer {
    const char *head; /* lines without their "\r\n", between '\n'; %u is the server's port */
    const void *body;
    size_t len;
    unsigned silent_ms; /* before it hangs up */
};

struct http_server;

/* The heads and bodies are borrowed; after the last answer connections are taken, and closed. */
struct http_server *http_server_start(const struct http_answer *answers, size_t count);
void http_server_stop(struct http_server *s);
unsigned http_server_port(const struct http_server *s);
/* Of the connections so far. */
size_t http_server_count(struct http_server *s);
const char *http_server_request(struct http_server *s, size_t i);

#endif
