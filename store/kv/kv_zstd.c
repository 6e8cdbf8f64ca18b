/*
 * Compression before sealing.  Short values are compressed with a dictionary that
 * was trained on public records and is part of the format, long ones without.
 * The four bytes with which every zstd frame begins are left out with it.
 */
/* The allocator hooks let zstd's tables, which hold record text, be wiped. */
#define ZSTD_STATIC_LINKING_ONLY

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <saksi/base/wiping.h>

#include "kv_int.h"

#define LEVEL 3
/* Of short values, which there are most of: a twentieth less for a few microseconds. */
#define LEVEL_SHORT 5
#define MAGIC_BYTES 4u
static const uint8_t magic[MAGIC_BYTES] = {0x28, 0xb5, 0x2f, 0xfd};

struct kv_zstd {
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
	/* Made when it is needed first, in a room of ours: libzstd's own making of a
	 * dictionary dies when memory runs out in the middle of it. */
	void *pack_room, *unpack_room;
	const ZSTD_CDict *pack_with;
	const ZSTD_DDict *unpack_with;
	struct wiping mem;
};

enum saksi_err kv_zstd_new(struct kv_zstd **out, struct saksi_error *err)
{
	struct kv_zstd *z = calloc(1, sizeof(*z));
	ZSTD_customMem mem = {wiping_take, wiping_give, z == NULL ? NULL : &z->mem};

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
	wiping_give(&(*z)->mem, (*z)->pack_room);
	wiping_give(&(*z)->mem, (*z)->unpack_room);
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

static bool have_pack_with(struct kv_zstd *z)
{
	ZSTD_compressionParameters params =
	    ZSTD_getCParams(LEVEL_SHORT, KV_DICT_MAX, kv_dictionary_1_len);
	size_t rc,
	    size = ZSTD_estimateCDictSize_advanced(kv_dictionary_1_len, params,
		ZSTD_dlm_byRef);

	if (z->pack_with != NULL)
		return true;
	if (z->pack_room == NULL && (z->pack_room = wiping_take(&z->mem, size)) == NULL)
		return false;
	z->pack_with = ZSTD_initStaticCDict(z->pack_room, size, kv_dictionary_1,
	    kv_dictionary_1_len, ZSTD_dlm_byRef, ZSTD_dct_fullDict, params);
	if (z->pack_with == NULL)
		return false;
	/* Which dictionary it is, the codec says; what is inside, the seal. */
	rc = ZSTD_CCtx_setParameter(z->pack, ZSTD_c_dictIDFlag, 0);
	return !ZSTD_isError(rc);
}

size_t kv_zstd_pack_short(struct kv_zstd *z, uint8_t *out, size_t cap, const void *p,
    size_t n)
{
	size_t got;

	if (!have_pack_with(z) || ZSTD_isError(ZSTD_CCtx_refCDict(z->pack, z->pack_with)))
		return 0;
	got = ZSTD_compress2(z->pack, out, cap, p, n);
	(void)ZSTD_CCtx_refCDict(z->pack, NULL);
	if (ZSTD_isError(got) || got <= MAGIC_BYTES ||
	    memcmp(out, magic, MAGIC_BYTES) != 0)
		return 0;
	memmove(out, out + MAGIC_BYTES, got - MAGIC_BYTES);
	return got - MAGIC_BYTES;
}

/* One frame of ${len} bytes, and nothing but zeros behind it. */
static bool is_one_frame(const uint8_t *p, size_t n, size_t len, size_t *used)
{
	*used = ZSTD_findFrameCompressedSize(p, n);
	if (ZSTD_isError(*used) || ZSTD_getFrameContentSize(p, n) != len)
		return false;
	for (size_t i = *used; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

bool kv_zstd_unpack(struct kv_zstd *z, uint8_t *out, size_t len, const void *p, size_t n)
{
	size_t used;

	return is_one_frame(p, n, len, &used) &&
	    ZSTD_decompressDCtx(z->unpack, out, len, p, used) == len;
}

bool kv_zstd_ready(struct kv_zstd *z)
{
	size_t size = ZSTD_estimateDDictSize(kv_dictionary_1_len, ZSTD_dlm_byRef);

	if (z->unpack_with != NULL)
		return true;
	if (z->unpack_room == NULL &&
	    (z->unpack_room = wiping_take(&z->mem, size)) == NULL)
		return false;
	z->unpack_with = ZSTD_initStaticDDict(z->unpack_room, size, kv_dictionary_1,
	    kv_dictionary_1_len, ZSTD_dlm_byRef, ZSTD_dct_fullDict);
	return z->unpack_with != NULL;
}

bool kv_zstd_unpack_short(struct kv_zstd *z, uint8_t *out, size_t len, uint8_t *p,
    size_t n)
{
	size_t used;

	if (!kv_zstd_ready(z))
		return false;
	memcpy(p, magic, MAGIC_BYTES);
	return is_one_frame(p, n, len, &used) &&
	    ZSTD_decompress_usingDDict(z->unpack, out, len, p, used, z->unpack_with) ==
	    len;
}
