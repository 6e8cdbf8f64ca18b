/* register.c - what an exporter says of itself, read with distrust. */
#include <string.h>

#include "runner.h"

static bool line_ok(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	return true;
}

static bool of_letters(const char *s, const char *letters)
{
	return s[0] != '\0' && s[strspn(s, letters)] == '\0';
}

bool registration_parse(struct registration *reg, const uint8_t *body, size_t len)
{
	struct {
		char *to;
		size_t size;
	} strings[REGISTER_STRINGS] = {
	    {reg->name, sizeof reg->name},
	    {reg->description, sizeof reg->description},
	    {reg->media_type, sizeof reg->media_type},
	    {reg->file_ending, sizeof reg->file_ending},
	    {reg->options, sizeof reg->options},
	};
	memset(reg, 0, sizeof *reg);
	if (len < 12)
		return false;
	reg->abi = le32_get(body);
	reg->size = le32_get(body + 4);
	reg->input = le32_get(body + 8);
	size_t at = 12;
	for (size_t i = 0; i < REGISTER_STRINGS; i++) {
		if (len - at < 4)
			return false;
		size_t n = le32_get(body + at);
		at += 4;
		if (n > len - at || n >= strings[i].size)
			return false;
		memcpy(strings[i].to, body + at, n);
		/* Only the list of options has lines. */
		if (strlen(strings[i].to) != n || (i < 4 && !line_ok(body + at, n)))
			return false;
		at += n;
	}
	return at == len && reg->abi == SAKSI_EXPORTER_ABI &&
	    of_letters(reg->name, "abcdefghijklmnopqrstuvwxyz0123456789-") &&
	    (reg->file_ending[0] == '\0' ||
		of_letters(reg->file_ending,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")) &&
	    (reg->input == SAKSI_INPUT_RECORDS || reg->input == SAKSI_INPUT_DOCUMENT);
}
