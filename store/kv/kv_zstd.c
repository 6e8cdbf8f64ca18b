/* The allocator hooks let zstd's tables, which hold record text, be wiped. */
#define ZSTD_STATIC_LINKING_ONLY

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "kv_int.h"

#define LEVEL 3

/* Before each block; in a list, so that leak checkers see what is in use. */
struct block {
	_Alignas(max_align_t) struct block *next;
	struct block *before;
	size_t len; /* of what follows */
};

struct kv_zstd {
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
	struct block blocks; /* the list's fixed end */
};

static void *take(void *opaque, size_t n)
{
	struct kv_zstd *z = opaque;
	struct block *b;

	if (n > SIZE_MAX - sizeof(*b))
		return NULL;
	b = malloc(sizeof(*b) + n);
	if (b == NULL)
		return NULL;
	b->len = n;
	b->before = &z->blocks;
	b->next = z->blocks.next;
	if (b->next != NULL)
		b->next->before = b;
	z->blocks.next = b;
	return b + 1;
}

static void give(void *opaque, void *p)
{
	struct block *b;

	(void)opaque;
	if (p == NULL)
		return;
	b = (struct block *)p - 1;
	b->before->next = b->next;
	if (b->next != NULL)
		b->next->before = b->before;
	wipe(p, b->len);
	free(b);
}

enum saksi_err kv_zstd_new(struct kv_zstd **out, struct saksi_error *err)
{
	struct kv_zstd *z = calloc(1, sizeof(*z));
	ZSTD_customMem mem = {take, give, z};

	*out = NULL;
	if (z == NULL)
		return saksi_fail_nomem(err);
	z->pack = ZSTD_createCCtx_advanced(mem);
	z->unpack = ZSTD_createDCtx_advanced(mem);
	if (z->pack == NULL || z->unpack == NULL) {
		kv_zstd_free(&z);
		return saksi_fail_nomem(err);
	}
	*out = z;
	return SAKSI_OK;
}

void kv_zstd_free(struct kv_zstd **z)
{
	if (*z == NULL)
		return;
	(void)ZSTD_freeCCtx((*z)->pack);
	(void)ZSTD_freeDCtx((*z)->unpack);
	free(*z);
	*z = NULL;
}

size_t kv_zstd_pack(struct kv_zstd *z, uint8_t *out, size_t cap, const void *p, size_t n)
{
	size_t got = ZSTD_compressCCtx(z->pack, out, cap, p, n, LEVEL);

	return ZSTD_isError(got) ? 0 : got;
}

bool kv_zstd_unpack(struct kv_zstd *z, uint8_t *out, size_t len, const void *p, size_t n)
{
	const uint8_t *rest = p;
	size_t used = ZSTD_findFrameCompressedSize(p, n);
	size_t i;

	if (ZSTD_isError(used) || ZSTD_getFrameContentSize(p, n) != len)
		return false;
	for (i = used; i < n; i++) {
		if (rest[i] != 0)
			return false;
	}
	return ZSTD_decompressDCtx(z->unpack, out, len, p, used) == len;
}
