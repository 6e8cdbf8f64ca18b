/*
 * crypto_stream.c - long values in chunks that can't be cut, swapped or dropped.
 */
#include <saksi/keys/crypto.h>

#include <stdbool.h>
#include <stdlib.h>

#include <sodium.h>

#define STATE_SIZE sizeof(crypto_secretstream_xchacha20poly1305_state)
#define TAG_MESSAGE crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
#define TAG_FINAL crypto_secretstream_xchacha20poly1305_TAG_FINAL

_Static_assert(CRYPTO_STREAM_HEADER == crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    "stream header");
_Static_assert(CRYPTO_STREAM_OVERHEAD == crypto_secretstream_xchacha20poly1305_ABYTES,
    "stream overhead");
_Static_assert(CRYPTO_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES, "stream key");
_Static_assert(_Alignof(crypto_secretstream_xchacha20poly1305_state) == 1,
    "a secret's memory has no alignment");

struct crypto_stream {
	struct secret *state; /* holds the key */
	bool pull;
	bool over; /* the final chunk has passed, or one failed */
};

static crypto_secretstream_xchacha20poly1305_state *state_of(struct crypto_stream *s)
{
	void *p = secret_bytes(s->state);

	return p;
}

static enum saksi_err stream_new(struct crypto_stream **out, bool pull,
    struct saksi_error *err)
{
	struct crypto_stream *s = calloc(1, sizeof(*s));
	enum saksi_err rc;

	*out = NULL;
	if (!s)
		return saksi_fail_nomem(err);
	s->pull = pull;
	rc = secret_new(&s->state, STATE_SIZE, err);
	if (rc != SAKSI_OK) {
		free(s);
		return rc;
	}
	*out = s;
	return SAKSI_OK;
}

enum saksi_err crypto_stream_push_new(struct crypto_stream **out,
    uint8_t header[CRYPTO_STREAM_HEADER], const uint8_t key[CRYPTO_KEY],
    struct saksi_error *err)
{
	enum saksi_err rc = stream_new(out, false, err);

	if (rc == SAKSI_OK &&
	    crypto_secretstream_xchacha20poly1305_init_push(state_of(*out), header,
		key) != 0)
		abort(); /* has no way to fail */
	return rc;
}

enum saksi_err crypto_stream_push(struct crypto_stream *s, uint8_t *out,
    const void *plain, size_t n, const void *ad, size_t adlen, int final,
    struct saksi_error *err)
{
	if (s->pull || s->over)
		return saksi_fail(err, SAKSI_EINVAL, "stream: nothing can follow its end");
	if (n > crypto_secretstream_xchacha20poly1305_MESSAGEBYTES_MAX)
		return saksi_fail(err, SAKSI_ELIMIT, "stream: chunk too large");
	if (crypto_secretstream_xchacha20poly1305_push(state_of(s), out, NULL, plain, n,
		ad, adlen, final ? TAG_FINAL : TAG_MESSAGE) != 0)
		abort(); /* only for an oversized chunk */
	s->over = final != 0;
	return SAKSI_OK;
}

enum saksi_err crypto_stream_pull_new(struct crypto_stream **out,
    const uint8_t header[CRYPTO_STREAM_HEADER], const uint8_t key[CRYPTO_KEY],
    struct saksi_error *err)
{
	enum saksi_err rc = stream_new(out, true, err);

	if (rc == SAKSI_OK &&
	    crypto_secretstream_xchacha20poly1305_init_pull(state_of(*out), header,
		key) != 0)
		abort(); /* has no way to fail */
	return rc;
}

enum saksi_err crypto_stream_pull(struct crypto_stream *s, uint8_t *out,
    const void *boxed, size_t n, const void *ad, size_t adlen, int *final,
    struct saksi_error *err)
{
	unsigned char tag = 0;

	*final = 0;
	if (!s->pull)
		return saksi_fail(err, SAKSI_EINVAL, "stream: opened for writing");
	if (s->over)
		return saksi_fail(err, SAKSI_EAUTH, "stream: data after its end");
	if (n < CRYPTO_STREAM_OVERHEAD ||
	    crypto_secretstream_xchacha20poly1305_pull(state_of(s), out, NULL, &tag,
		boxed, n, ad, adlen) != 0 ||
	    (tag != TAG_MESSAGE && tag != TAG_FINAL)) {
		s->over = true;
		return saksi_fail(err, SAKSI_EAUTH,
		    "stream: a chunk was altered or is missing");
	}
	s->over = tag == TAG_FINAL;
	*final = s->over;
	return SAKSI_OK;
}

void crypto_stream_free(struct crypto_stream **s)
{
	if (!s || !*s)
		return;
	secret_free(&(*s)->state);
	free(*s);
	*s = NULL;
}
