/*
 * text_u16.h - UTF-16 blocks for ICU, wiped when freed (private).
 */
#ifndef SAKSI_BASE_TEXT_U16_H
#define SAKSI_BASE_TEXT_U16_H

#include <unicode/unorm2.h>
#include <unicode/utypes.h>

#include <saksi/base/buf.h>
#include <saksi/base/err.h>

struct u16 {
	UChar *p;
	int32_t len;
	int32_t cap;
};
#define U16_INIT           \
	{                  \
		NULL, 0, 0 \
	}

/** u16_alloc(out, cap, err): An empty block; frees what ${out} held. */
SAKSI_MUST_CHECK enum saksi_err u16_alloc(struct u16 *out, int64_t cap,
    struct saksi_error *err);
/** u16_from_utf8(out, s, n, err): SAKSI_EINVAL if not well-formed or with NUL. */
SAKSI_MUST_CHECK enum saksi_err u16_from_utf8(struct u16 *out, const char *s, size_t n,
    struct saksi_error *err);
/** u16_to_utf8(out, p, len): Append ${len} units, which are well-formed. */
void u16_to_utf8(struct buf *out, const UChar *p, int32_t len);
/** u16_push(u, cp): Append a code point; there must be room. */
void u16_push(struct u16 *u, UChar32 cp);
/** u16_swap(a, b): Exchange two blocks. */
void u16_swap(struct u16 *a, struct u16 *b);
void u16_free(struct u16 *u);

enum u16_form { U16_NFC, U16_NFD, U16_NFKC, U16_NFKD };
/**
 * u16_normalize(u, form, room, err):
 * Replace ${u} by its normal form.  ${room} is the growth to prepare for; with
 * 18, the largest there is, ICU never needs memory of its own.
 */
SAKSI_MUST_CHECK enum saksi_err u16_normalize(struct u16 *u, enum u16_form form,
    int32_t room, struct saksi_error *err);

/** text_is_ascii(s, n): Only bytes 1 .. 127. */
bool text_is_ascii(const char *s, size_t n);

/** text_words_end_thread(): Free what text_words() keeps open for this thread. */
void text_words_end_thread(void);

/** icu_room(err): SAKSI_ENOMEM when ICU should begin nothing that needs memory. */
SAKSI_MUST_CHECK enum saksi_err icu_room(struct saksi_error *err);
/** icu_fail(err, e): The failure that ICU reports. */
enum saksi_err icu_fail(struct saksi_error *err, UErrorCode e);

#endif
