/* cut.h - copy words into a field of fixed size. */
#ifndef SAKSI_SYNC_CUT_H
#define SAKSI_SYNC_CUT_H

#include <stddef.h>
#include <string.h>

/** cut_copy: As much of ${s} as fits, whole UTF-8 characters only. */
static inline void cut_copy(char *out, size_t size, const char *s)
{
	size_t n = strlen(s);

	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, s, n);
	out[n] = '\0';
}

#endif
