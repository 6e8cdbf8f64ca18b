#include <string.h>

#include <unicode/uloc.h>

#include <saksi/base/text.h>

bool text_is_country(const char *code)
{
	/* A table of ICU's code, not of its data file. */
	for (const char *const *c = uloc_getISOCountries(); *c != NULL; c++)
		if (strcmp(*c, code) == 0)
			return true;
	return false;
}
