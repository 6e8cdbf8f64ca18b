/* gen_int.h - what the parts of the generator share. */
#ifndef SAKSI_TESTS_BENCH_GEN_INT_H
#define SAKSI_TESTS_BENCH_GEN_INT_H

#include "gen.h"

struct gen {
	uint64_t seed;
	size_t n;
	double *zipf; /* cumulative */
};

/** gen_title: Append 4 to 8 words. */
void gen_title(const struct gen *g, struct dice *d, struct buf *out);
/** gen_text: Append a text of 18 to 92 words (some longer) and the planted ones. */
void gen_text(const struct gen *g, struct dice *d, unsigned plants, struct buf *out);

#endif
