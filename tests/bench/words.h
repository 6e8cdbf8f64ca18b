/* words.h - the lists that generated records are made of. */
#ifndef SAKSI_TESTS_BENCH_WORDS_H
#define SAKSI_TESTS_BENCH_WORDS_H

#include <stddef.h>

struct word_list {
	const char *const *w;
	size_t n;
};
extern const struct word_list khmer_words;    /* of everyday reports */
extern const struct word_list khmer_names;    /* in Khmer script */
extern const struct word_list arabic_names;   /* in Arabic script */
extern const struct word_list family_names;   /* romanised */
extern const struct word_list given_names;    /* romanised, some in two spellings */
extern const struct word_list province_names; /* number i is KH-(i + 1) */
extern const struct word_list act_codes;      /* HURIDOCS list 04 */
extern const struct word_list right_codes;    /* 03 */
extern const struct word_list degree_codes;   /* 18 */
extern const struct word_list offender_codes; /* 24 */
extern const struct word_list source_codes;   /* 19 */
extern const struct word_list arabic_letters;
extern const struct word_list latin_syllables; /* 60, all of two letters */

#endif
