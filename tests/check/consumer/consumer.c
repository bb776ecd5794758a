/* A user's program: one call into each layer of the library. */
#include <kdproto/kdnet_key.h>
#include <kdproto/packet.h>
#include <transport/crypto_openssl.h>
#include <transport/target_spec.h>
#include <walker/mem_cache.h>
#include <walker/pdb.h>

#include <stdio.h>

int main(void)
{
    struct kd_diag diag;
    struct kdt_target_spec spec;
    struct kdt_crypto *crypto;
    struct kdw_symbols *symbols;

    kd_diag_clear(&diag);
    if (kd_checksum((const uint8_t *)"\1\2", 2) != 3)
        return 1;
    if (kdt_target_spec_parse("net:port=50000,key=1.2.3.4", &diag, &spec) != KD_OK)
        return 2;
    kdt_target_spec_wipe(&spec);
    if (kdt_crypto_create(&crypto) != KD_OK)
        return 3;
    kdt_crypto_destroy(crypto);
    if (kdw_pdb_open_bytes("not a PDB", 9, &diag, &symbols) == KD_OK)
        return 4;
    puts("consumer: all layers linked");
    return 0;
}
