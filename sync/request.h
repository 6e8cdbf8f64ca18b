/* request.h - M1 REQUEST and M2 WELCOME as bytes: PROTOCOL.md section 4. */
#ifndef SAKSI_SYNC_REQUEST_H
#define SAKSI_SYNC_REQUEST_H

#include "local.h"

#define REQUEST_MAX 1024u
#define WELCOME_MAX (16u << 20)
#define JOIN_LIFE_US (INT64_C(7) * 24 * 3600 * 1000000)
#define JOIN_AHEAD_US (INT64_C(24) * 3600 * 1000000)

struct join_request {
	struct device_keys keys;
	struct saksi_hash device;
	uint8_t nonce[16];
	uint8_t once_pk[CRYPTO_KEY];
	char person[128], label[128];
	int64_t made_us;
	struct saksi_hash id; /* H("request", body) */
};
/** request_body_write(out, q): The msgpack body; fills ${q}->id. */
void request_body_write(struct buf *out, struct join_request *q);
SAKSI_MUST_CHECK enum saksi_err request_body_read(struct join_request *q, const void *p,
    size_t n, struct saksi_error *err);
/** request_write: Magic, ${body}, signature. */
void request_write(struct buf *out, const struct buf *body, const struct saksi_hash *id,
    const struct secret *sign_sk);
/** request_read: Form and self-signature. */
SAKSI_MUST_CHECK enum saksi_err request_read(struct join_request *q, const void *p,
    size_t n, struct saksi_error *err);
/** request_fresh: Not older than 7 days, not a day ahead; SAKSI_EREFUSED. */
SAKSI_MUST_CHECK enum saksi_err request_fresh(const struct join_request *q,
    struct saksi_error *err);
void request_words(char words[TEAM_WORDS_TEXT], const struct join_request *q);

struct welcome_change {
	const uint8_t *p;
	size_t n;
};
struct welcome {
	struct saksi_hash request, space, add, adder;
	int64_t made_us;
	uint8_t import_key[CRYPTO_KEY];
	struct local_epochs epochs;	/* owned */
	struct welcome_change *changes; /* list owned; bytes in `text` or the caller's */
	size_t n_changes;
	uint8_t sig[CRYPTO_SIG];
	struct saksi_hash hash; /* H("welcome", body): what is signed */
	struct buf text;	/* opened plain text, wiped by welcome_free() */
};
void welcome_free(struct welcome *w);
/** welcome_write(out, w, once_pk, sign_sk, err): Encode, sign, pad, seal. */
SAKSI_MUST_CHECK enum saksi_err welcome_write(struct buf *out, const struct welcome *w,
    const uint8_t once_pk[CRYPTO_KEY], const struct secret *sign_sk,
    struct saksi_error *err);
/** welcome_read(w, p, n, once_pk, once_sk, err): Open and decode; the signature is not checked. */
SAKSI_MUST_CHECK enum saksi_err welcome_read(struct welcome *w, const void *p, size_t n,
    const uint8_t once_pk[CRYPTO_KEY], const struct secret *once_sk,
    struct saksi_error *err);
void welcome_words(char words[TEAM_WORDS_TEXT], const struct welcome *w);

#endif
