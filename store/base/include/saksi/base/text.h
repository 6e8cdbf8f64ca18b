/*
 * text.h - Unicode, by ICU: normalisation, folding, safe printing.
 */
#ifndef SAKSI_BASE_TEXT_H
#define SAKSI_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <saksi/base/buf.h>
#include <saksi/base/err.h>
#include <saksi/base/secret.h>

/** utf8_valid(p, n): Well-formed, no surrogates, no NUL. */
bool utf8_valid(const void *p, size_t n);

/** text_nfc(out, s, n, err): Append the NFC form. SAKSI_EINVAL: not UTF-8. */
SAKSI_MUST_CHECK enum saksi_err text_nfc(struct buf *out, const char *s, size_t n,
    struct saksi_error *err);

/**
 * text_fold(out, s, n, err):
 * Append the form for comparing and searching: NFKD, case folded, combining
 * marks of Latin, Greek and Cyrillic dropped, zero-width characters dropped,
 * decimal digits of any script as 0-9, typographic apostrophes as ', white
 * space runs as one space and none at either end.  Folding twice changes
 * nothing.
 */
SAKSI_MUST_CHECK enum saksi_err text_fold(struct buf *out, const char *s, size_t n,
    struct saksi_error *err);

/**
 * text_words(s, n, fn, ctx):
 * Call ${fn} for each word of the folded text ${s} (ICU word breaks, with
 * dictionaries for Khmer, Thai, Lao, Burmese, Chinese, Japanese).
 * ${word} is NUL-terminated and valid during the call; ${fn} returns false to
 * stop.
 */
SAKSI_MUST_CHECK enum saksi_err text_words(const char *s, size_t n,
    bool (*fn)(void *ctx, const char *word, size_t len), void *ctx,
    struct saksi_error *err);

#define TEXT_SKELETON_MAX 1024u
/**
 * text_skeleton(out, s, n, err):
 * Name key of data/schema/README.md: romanised, folded, doubled letters
 * single, each word its first letter and then consonants without aspirate h,
 * words sorted.  Of a name of more than TEXT_SKELETON_MAX bytes only its first
 * words that fit are looked at.  text_distance(): edit distance of two folded texts, in code
 * points, capped at ${max}+1.
 */
SAKSI_MUST_CHECK enum saksi_err text_skeleton(struct buf *out, const char *s, size_t n,
    struct saksi_error *err);
unsigned text_distance(const char *a, const char *b, unsigned max);

/*
 * A known name that a wrong one was perhaps meant to be: at most two letters
 * apart, and at most half of them; capitals are as good as small letters.
 * text_near_begin(), text_near_try() for each name, then `best` or NULL.
 */
#define TEXT_NEAR_MAX 256u
struct text_near {
	char word[TEXT_NEAR_MAX]; /* "" if it is too long to guess at */
	const char *best;	  /* as given to text_near_try(), borrowed */
	unsigned distance;
};
void text_near_begin(struct text_near *n, const char *word);
/** text_near_try(n, name): ${name} is nearer than all before. */
bool text_near_try(struct text_near *n, const char *name);

/** text_is_country(code): Two capital letters that ISO 3166-1 gives to a country. */
bool text_is_country(const char *code);

/**
 * text_wiping_alloc(): Make ICU wipe what it frees, and give it a reserve.
 * Call once at start, before any other of these.
 */
void text_wiping_alloc(void);
/** text_end_thread(): Free what text_skeleton(), text_words() keep open for this thread. */
void text_end_thread(void);

/**
 * text_printable(out, s, n):
 * Append ${s} safe for a terminal: control characters, bidi embeddings,
 * overrides and isolates, line separators and malformed bytes as \xNN or
 * \u{N}; newline and tab too unless ${multiline}.
 */
void text_printable(struct buf *out, const char *s, size_t n, bool multiline);

/** text_columns(s, n): Terminal columns that the printable text ${s} takes. */
size_t text_columns(const char *s, size_t n);

/**
 * text_passphrase(out, in, err):
 * NFKC form of a passphrase, as a new secret.  SAKSI_EINVAL: not UTF-8, empty.
 */
SAKSI_MUST_CHECK enum saksi_err text_passphrase(struct secret **out,
    const struct secret *in, struct saksi_error *err);

#endif
