#include "wrap.h"

#include <stdbool.h>

size_t wrap_columns(const char *p, size_t n)
{
	size_t c = 0;
	for (size_t i = 0; i < n; i++)
		c += ((unsigned char)p[i] & 0xc0) != 0x80;
	return c;
}

static bool is_space(char c)
{
	return (c >= 0 && c <= ' ') || c == 0x7f;
}

static void spaces(struct text *t, size_t n)
{
	while (n-- > 0)
		text_char(t, ' ');
}

void wrap_add(struct text *t, const char *p, size_t n, size_t width, size_t indent)
{
	size_t column = 0;
	bool fresh = true; /* nothing on this line yet */
	for (size_t i = 0; i < n;) {
		if (p[i] == '\n') {
			text_char(t, '\n');
			spaces(t, indent);
			column = indent;
			fresh = true;
			i++;
			continue;
		}
		if (is_space(p[i])) {
			i++;
			continue;
		}
		size_t end = i;
		while (end < n && !is_space(p[end]))
			end++;
		size_t word = wrap_columns(p + i, end - i);
		if (!fresh && width > 0 && column + 1 + word > width) {
			text_char(t, '\n');
			spaces(t, indent);
			column = indent;
		} else if (!fresh) {
			text_char(t, ' ');
			column++;
		}
		text_add(t, p + i, end - i);
		column += word;
		fresh = false;
		i = end;
	}
	text_char(t, '\n');
}
