/* anchor_form.c - the bytes of a note; FORMAT.md section 11 has the tables. */
#include "anchor_form.h"

#include <string.h>

#include <saksi/base/buf.h>

#define FORMAT 1u
#define ENTRY 80u
#define AT_ENTRIES 8u
#define AD_BYTES 33u

_Static_assert(AT_ENTRIES + ANCHOR_ENTRIES * ENTRY == ANCHOR_PLAIN, "length of a note");

static void notes_write(uint8_t p[ANCHOR_PLAIN], const struct anchor_notes *a)
{
	memset(p, 0, ANCHOR_PLAIN);
	p[0] = FORMAT;
	p[1] = (uint8_t)a->n;
	p[2] = a->anew[0];
	p[3] = a->anew[1];
	for (unsigned i = 0; i < a->n; i++) {
		uint8_t *e = p + AT_ENTRIES + i * ENTRY;

		e[0] = a->list[i].kind;
		le64_put(e + 8, a->list[i].seq);
		memcpy(e + 16, a->list[i].log.b, 32);
		memcpy(e + 48, a->list[i].head.b, 32);
	}
}

static bool notes_read(struct anchor_notes *a, const uint8_t p[ANCHOR_PLAIN])
{
	memset(a, 0, sizeof(*a));
	if (p[0] != FORMAT || p[1] > ANCHOR_ENTRIES || p[2] > 1 || p[3] > 1)
		return false;
	a->n = p[1];
	a->anew[0] = p[2];
	a->anew[1] = p[3];
	for (unsigned i = 0; i < a->n; i++) {
		const uint8_t *e = p + AT_ENTRIES + i * ENTRY;

		a->list[i].kind = e[0];
		a->list[i].seq = le64_get(e + 8);
		memcpy(a->list[i].log.b, e + 16, 32);
		memcpy(a->list[i].head.b, e + 48, 32);
	}
	return true;
}

static void make_ad(uint8_t ad[AD_BYTES], const uint8_t vault_id[VAULT_ID],
    enum anchor_place place)
{
	static const uint8_t tag[14] = "saksi1\0anchor";

	memcpy(ad, tag, sizeof(tag));
	ad[14] = FORMAT;
	ad[15] = 0;
	memcpy(ad + 16, vault_id, VAULT_ID);
	ad[32] = (uint8_t)place;
}

enum saksi_err anchor_key(struct secret **out, const struct secret *vault_key,
    struct saksi_error *err)
{
	return crypto_kdf(out, vault_key, "anchor", err);
}

void anchor_name(char out[ANCHOR_NAME + 1], const struct secret *vault_key,
    const uint8_t vault_id[VAULT_ID])
{
	uint8_t name[ANCHOR_NAME / 2];

	crypto_prf(name, sizeof(name), secret_view(vault_key), "anchor-name", vault_id,
	    VAULT_ID);
	hex_encode(out, name, sizeof(name));
}

bool anchor_open(struct anchor_notes *a, const struct secret *key,
    const uint8_t vault_id[VAULT_ID], enum anchor_place place,
    const uint8_t raw[ANCHOR_SEALED])
{
	uint8_t ad[AD_BYTES];
	struct buf plain = BUF_INIT;
	bool good;

	if (raw[0] != CRYPTO_SUITE)
		return false;
	make_ad(ad, vault_id, place);
	good = crypto_open(&plain, secret_view(key), ad, sizeof(ad), raw + 1,
		   ANCHOR_SEALED - 1, NULL) == SAKSI_OK &&
	    notes_read(a, plain.p);
	buf_free(&plain);
	return good;
}

enum saksi_err anchor_seal(struct buf *raw, const struct anchor_notes *a,
    const struct secret *key, const uint8_t vault_id[VAULT_ID], enum anchor_place place,
    struct saksi_error *err)
{
	uint8_t plain[ANCHOR_PLAIN], ad[AD_BYTES];
	enum saksi_err rc;

	notes_write(plain, a);
	make_ad(ad, vault_id, place);
	buf_add_byte(raw, CRYPTO_SUITE);
	rc =
	    crypto_seal(raw, secret_view(key), ad, sizeof(ad), plain, sizeof(plain), err);
	wipe(plain, sizeof(plain));
	return rc == SAKSI_OK ? buf_ok(raw, err) : rc;
}
