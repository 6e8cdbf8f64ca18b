/*
 * id.h - record ids, hashes as text, words to compare by voice.
 */
#ifndef SAKSI_BASE_ID_H
#define SAKSI_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A record's id: 128 random bits, or a keyed hash of (type, ref). */
struct saksi_id {
	uint8_t b[16];
};
#define ID_TEXT_LEN 26 /* Crockford base 32, lower case, most significant first */

/* A BLAKE2b-256 hash: changeset, device, log, space, epoch. */
struct saksi_hash {
	uint8_t b[32];
};

void id_random(struct saksi_id *out);
int id_cmp(const struct saksi_id *a, const struct saksi_id *b);
/** id_text(out, id): 26 letters and a NUL. */
void id_text(char out[ID_TEXT_LEN + 1], const struct saksi_id *id);
/** id_parse(out, s): Exactly 26 letters (i, l read as 1, o as 0, any case). */
bool id_parse(struct saksi_id *out, const char *s);
/**
 * id_prefix_match(id, s):
 * ${s} (4 .. 26 letters, same folding) begins ${id}'s text.
 */
bool id_prefix_match(const struct saksi_id *id, const char *s);

int hash_cmp(const struct saksi_hash *a, const struct saksi_hash *b);
/** hash_short(out, h): The first 16 hex digits and a NUL, for messages. */
void hash_short(char out[17], const struct saksi_hash *h);

/**
 * words_text(out, p, n):
 * ${n} bytes (even, <= 32) as proquints (arXiv:0901.4016): one pronounceable
 * five-letter word per 16 bits, joined by spaces.  ${out} has 3 * n bytes.
 */
void words_text(char *out, const uint8_t *p, size_t n);

#endif
