/* fr32: 127 bytes of payload as four nodes of 254 bits. docs/spec/proofs.md section 1. */
#ifndef GRANARY_FR32_H
#define GRANARY_FR32_H

#include <stddef.h>
#include <stdint.h>

#define UNIT_PAYLOAD 127
#define UNIT_PADDED 128
/* Bytes after the last unit of a payload that are read, whatever they hold. */
#define FR32_SLACK 8

void fr32_pad(const uint8_t *payload, size_t units, uint8_t *nodes);
/* Exactly units × 127 bytes are written; `payload` may be the start of `nodes`. */
void fr32_unpad(const uint8_t *nodes, size_t units, uint8_t *payload);

#endif
