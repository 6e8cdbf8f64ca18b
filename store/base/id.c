#include <string.h>

#include <saksi/base/buf.h>
#include <saksi/base/id.h>
#include <saksi/base/secret.h>

/* Crockford's base 32: no i, l, o (read as 1, 1, 0) and no u. */
static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

void id_random(struct saksi_id *out)
{
	random_bytes(out->b, sizeof(out->b));
}

int id_cmp(const struct saksi_id *a, const struct saksi_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

void id_text(char out[ID_TEXT_LEN + 1], const struct saksi_id *id)
{
	unsigned acc = 0;  /* bits not yet written, below `have` */
	unsigned have = 2; /* 26 letters hold 130 bits: two zeros lead */
	size_t n = 0;

	for (size_t i = 0; i < sizeof(id->b); i++) {
		acc = (acc << 8 | id->b[i]) & 0xfff;
		have += 8;
		while (have >= 5) {
			have -= 5;
			out[n++] = letters[acc >> have & 31];
		}
	}
	out[n] = '\0';
}

static char folded(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c == 'i' || c == 'l')
		return '1';
	return c == 'o' ? '0' : c;
}

static int value_of(char c)
{
	const char *at = c == '\0' ? NULL : strchr(letters, folded(c));

	return at == NULL ? -1 : (int)(at - letters);
}

bool id_parse(struct saksi_id *out, const char *s)
{
	struct saksi_id id;
	unsigned acc = 0;
	unsigned have = 0;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < ID_TEXT_LEN; i++) {
		int v = value_of(s[i]);

		if (v < 0 || (i == 0 && v > 7))
			return false;
		acc = (acc << 5 | (unsigned)v) & 0xfff;
		have += i == 0 ? 3 : 5;
		if (have >= 8) {
			have -= 8;
			id.b[n++] = (uint8_t)(acc >> have & 0xff);
		}
	}
	if (s[ID_TEXT_LEN] != '\0')
		return false;
	*out = id;
	return true;
}

bool id_prefix_match(const struct saksi_id *id, const char *s)
{
	char text[ID_TEXT_LEN + 1];
	size_t n = strlen(s);

	if (n < 4 || n > ID_TEXT_LEN)
		return false;
	id_text(text, id);
	for (size_t i = 0; i < n; i++)
		if (folded(s[i]) != text[i])
			return false;
	return true;
}

int hash_cmp(const struct saksi_hash *a, const struct saksi_hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

void hash_short(char out[17], const struct saksi_hash *h)
{
	hex_encode(out, h->b, 8);
}
