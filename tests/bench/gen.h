/*
 * gen.h - records out of nothing: any number of them, the same for one seed.
 *
 * Record i is a function of (seed, number of records, i) alone, so programs
 * that run one after the other agree on every record without storing any.
 * References point to earlier records only: any first part of the file can be
 * imported by itself.
 *
 * Words follow Zipf's law over 80,000; besides, each record may hold some
 * planted words whose counts are known, so that what a search finds can be
 * checked.
 */
#ifndef SAKSI_TESTS_BENCH_GEN_H
#define SAKSI_TESTS_BENCH_GEN_H

#include <saksi/base/buf.h>
#include <saksi/base/id.h>

struct gen;

/* Planted words: in how many records of a million. */
enum gen_plant {
	PLANT_RARE = 1u << 0,	  /* 14 of any number */
	PLANT_MID = 1u << 1,	  /* 1,000 */
	PLANT_COMMON_A = 1u << 2, /* 166,000 */
	PLANT_COMMON_B = 1u << 3, /* 166,000 */
	PLANT_HUGE = 1u << 4,	  /* 784,000 */
	PLANT_PHRASE = 1u << 5,	  /* 5,000: the two words of the phrase in order */
	PLANT_REVERSE = 1u << 6,  /* 20,000: both words, far apart in the other order */
	PLANT_PREFIX = 1u << 7	  /* 10,000: one of 60 words with one beginning */
};
#define GEN_RARE "qaxeru"
#define GEN_MID "qolimex"
#define GEN_COMMON_A "xavonta"
#define GEN_COMMON_B "xerimol"
#define GEN_HUGE "xolidaq"
#define GEN_PHRASE_1 "xanuvi"
#define GEN_PHRASE_2 "qoresh"
#define GEN_PREFIX "qumbra"

/** gen_new: For ${n} records; NULL without memory. */
struct gen *gen_new(uint64_t seed, size_t n);
void gen_free(struct gen **g);
size_t gen_count(const struct gen *g);
void gen_id(const struct gen *g, size_t i, struct saksi_id *out);
unsigned gen_plants(const struct gen *g, size_t i);
/** gen_truth: How many records hold all of ${all} and at least one of ${any} (0: all do). */
size_t gen_truth(const struct gen *g, unsigned all, unsigned any);
/** gen_record: Append record i in the interchange form, without a newline. */
void gen_record(const struct gen *g, size_t i, struct buf *out);
/** gen_words: Append ${words} words of one of the three scripts, nothing planted. */
void gen_words(const struct gen *g, uint64_t salt, size_t words, struct buf *out);

/* A small generator of numbers: splitmix64. */
struct dice {
	uint64_t state;
};
struct dice dice_new(uint64_t seed, uint64_t salt);
uint64_t dice_next(struct dice *d);
/** dice_below: 0 .. n - 1; ${n} at least 1. */
size_t dice_below(struct dice *d, size_t n);

#endif
