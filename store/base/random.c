/*
 * In a file of its own so that a test can put a known sequence in its place.
 */
#include <sodium.h>

#include <saksi/base/secret.h>

void random_bytes(void *p, size_t n)
{
	/* Ends the process rather than return without randomness. */
	randombytes_buf(p, n);
}
