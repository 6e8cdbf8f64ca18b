/*
 * slot_dir.c - the list of used slots, as the vault keeps it sealed.
 */
#include <saksi/keys/keyring.h>

#include <string.h>

#include <saksi/base/text.h>

#define DIR_VERSION 1u
#define ENTRY_HEAD 10u /* kind, time, length of the label */
#define LABEL_MAX (sizeof(((struct slot_info *)NULL)->label) - 1)

void slot_dir_write(struct buf *out, const struct slot_dir *d)
{
	buf_add_byte(out, DIR_VERSION);
	buf_add_byte(out, KEYRING_SLOTS);
	for (unsigned i = 0; i < KEYRING_SLOTS; i++) {
		const struct slot_info *s = &d->slot[i];
		size_t n = strnlen(s->label, LABEL_MAX);

		buf_add_byte(out, s->kind);
		buf_le64(out, (uint64_t)s->made_us);
		buf_add_byte(out, (uint8_t)n);
		buf_add(out, s->label, n);
	}
}

static enum saksi_err bad(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_EFORMAT, "vault: its list of key slots is malformed");
}

/* One entry from p, where n bytes are left; the bytes taken, or 0. */
static size_t read_entry(struct slot_info *s, const uint8_t *p, size_t n)
{
	size_t len;

	if (n < ENTRY_HEAD)
		return 0;
	s->kind = p[0];
	s->made_us = (int64_t)le64_get(p + 1);
	len = p[9];
	if (s->kind > SLOT_UNFINISHED || len > LABEL_MAX || len > n - ENTRY_HEAD ||
	    !utf8_valid(p + ENTRY_HEAD, len))
		return 0;
	if (s->kind == SLOT_EMPTY && (s->made_us != 0 || len != 0))
		return 0;
	memcpy(s->label, p + ENTRY_HEAD, len);
	return ENTRY_HEAD + len;
}

enum saksi_err slot_dir_read(struct slot_dir *d, const void *p, size_t n,
    struct saksi_error *err)
{
	const uint8_t *at = p;
	size_t taken;

	memset(d, 0, sizeof(*d));
	if (n < 2)
		return bad(err);
	if (at[0] > DIR_VERSION)
		return saksi_fail(err, SAKSI_ENEWER,
		    "vault: its list of key slots was written by a newer version of saksi");
	if (at[0] != DIR_VERSION || at[1] != KEYRING_SLOTS)
		return bad(err);
	at += 2;
	n -= 2;
	for (unsigned i = 0; i < KEYRING_SLOTS; i++) {
		taken = read_entry(&d->slot[i], at, n);
		if (taken == 0) {
			memset(d, 0, sizeof(*d));
			return bad(err);
		}
		at += taken;
		n -= taken;
	}
	if (n == 0)
		return SAKSI_OK;
	memset(d, 0, sizeof(*d));
	return bad(err);
}
