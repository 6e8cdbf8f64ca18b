/*
 * Proquints: 16 bits as consonant, vowel, consonant, vowel, consonant.
 * D. S. Wilkerson, "A Proposal for Proquints", arXiv:0901.4016.
 */
#include <saksi/base/id.h>

void words_text(char *out, const uint8_t *p, size_t n)
{
	static const char consonants[] = "bdfghjklmnprstvz";
	static const char vowels[] = "aiou";

	*out = '\0';
	for (size_t i = 0; i + 1 < n; i += 2) {
		unsigned v = (unsigned)p[i] << 8 | p[i + 1];

		if (i > 0)
			*out++ = ' ';
		*out++ = consonants[v >> 12 & 15];
		*out++ = vowels[v >> 10 & 3];
		*out++ = consonants[v >> 6 & 15];
		*out++ = vowels[v >> 4 & 3];
		*out++ = consonants[v & 15];
		*out = '\0';
	}
}
