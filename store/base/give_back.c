/* give_back.c - tell the allocator what to keep. */
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <saksi/base/give_back.h>

#define LARGE (1 << 20)
#define SLACK (4 << 20) /* at the end of the heap */

/*
 * glibc raises both limits by itself when a large block is freed, until two threads
 * each keep what they needed at their fullest: tens of megabytes.  With lower ones than these, what is needed for
 * each batch of an import would be asked of the system each time.
 */
void process_give_back(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, SLACK);
#endif
}
