/* give_back.c - memory that is not needed any more, back to the system. */
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <saksi/base/secret.h>

#define LARGE (1 << 20)
#define SLACK (4 << 20) /* at the end of the heap */

/*
 * glibc raises both limits by itself when a large block is freed, until the heaps of
 * two threads keep tens of megabytes.  With lower ones than these, what is needed for
 * each batch of an import would be asked of the system each time.
 */
void process_give_back(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, SLACK);
#endif
}
