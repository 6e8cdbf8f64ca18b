/* pairs_pool.c - short entries, one behind the other, in pieces that never move. */
#include <stdlib.h>

#include "pairs_int.h"

bool pair_pool_has_room(const struct pair_pool *p, size_t n, size_t pieces)
{
	return p->n < pieces || (p->n > 0 && p->used[p->n - 1] + n <= POOL_PIECE);
}

uint8_t *pair_pool_room(struct pair_pool *p, size_t n, uint32_t *at)
{
	uint8_t *piece;

	if (p->n == 0 || p->used[p->n - 1] + n > POOL_PIECE) {
		if (n > POOL_PIECE || p->n == POOL_PIECES ||
		    (piece = malloc(POOL_PIECE)) == NULL)
			return NULL;
		p->used[p->n] = 0;
		p->piece[p->n++] = piece;
	}
	*at = (uint32_t)((p->n - 1) * POOL_PIECE + p->used[p->n - 1]);
	p->used[p->n - 1] += (uint32_t)n;
	return p->piece[*at / POOL_PIECE] + *at % POOL_PIECE;
}

const uint8_t *pair_pool_at(const struct pair_pool *p, uint32_t at)
{
	return p->piece[at / POOL_PIECE] + at % POOL_PIECE;
}

const uint8_t *pair_pool_end(const struct pair_pool *p, uint32_t at)
{
	return p->piece[at / POOL_PIECE] + p->used[at / POOL_PIECE];
}

void pair_pool_free(struct pair_pool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		wipe(p->piece[i], p->used[i]);
		free(p->piece[i]);
	}
	p->n = 0;
}
