#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <saksi/base/secret.h>

#define SECRET_MAX 65536u

struct secret {
	size_t len;
	size_t cap;
	uint8_t *p;
};

static atomic_size_t live;

void wipe(void *p, size_t n)
{
	if (n == 0)
		return;
#ifdef __GLIBC__
	explicit_bzero(p, n); /* which sodium_memzero() comes to in two more steps */
#else
	sodium_memzero(p, n);
#endif
}

enum saksi_err secret_new(struct secret **out, size_t len, struct saksi_error *err)
{
	struct secret *s = NULL;

	*out = NULL;
	if (len == 0 || len > SECRET_MAX)
		return saksi_fail(err, SAKSI_EINVAL,
		    "secret: its length must be 1 to %u bytes", SECRET_MAX);
	if (sodium_init() < 0)
		return saksi_fail(err, SAKSI_EIO,
		    "cryptography: the system's random numbers cannot be read");
	s = malloc(sizeof(*s));
	if (s == NULL)
		return saksi_fail_nomem(err);
	s->p = sodium_malloc(len);
	if (s->p == NULL) {
		free(s);
		return saksi_fail_nomem(err);
	}
	memset(s->p, 0, len);
	s->len = len;
	s->cap = len;
	atomic_fetch_add(&live, 1);
	*out = s;
	return SAKSI_OK;
}

enum saksi_err secret_copy(struct secret **out, const void *src, size_t len,
    struct saksi_error *err)
{
	enum saksi_err rc = secret_new(out, len, err);

	if (rc == SAKSI_OK)
		memcpy((*out)->p, src, len);
	return rc;
}

void secret_free(struct secret **sp)
{
	struct secret *s;

	if (sp == NULL || *sp == NULL)
		return;
	s = *sp;
	*sp = NULL;
	sodium_free(s->p); /* wipes */
	wipe(s, sizeof(*s));
	free(s);
	atomic_fetch_sub(&live, 1);
}

uint8_t *secret_bytes(struct secret *s)
{
	return s->p;
}

const uint8_t *secret_view(const struct secret *s)
{
	return s->p;
}

size_t secret_len(const struct secret *s)
{
	return s->len;
}

void secret_truncate(struct secret *s, size_t len)
{
	if (len >= s->len)
		return;
	wipe(s->p + len, s->len - len);
	s->len = len;
}

size_t secret_live(void)
{
	return atomic_load(&live);
}
