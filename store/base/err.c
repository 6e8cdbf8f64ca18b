#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <saksi/base/err.h>

#include "utf8.h"

/* The header stands in macros for these while the code is being analysed. */
#undef saksi_fail
#undef saksi_fail_sys
#undef saksi_fail_nomem

/*
 * File names from outside end up in messages.  Keep the promise of the header:
 * one line of well-formed UTF-8, also where the text was cut at the end.
 */
static void make_one_line(char *msg)
{
	size_t n = strlen(msg);
	size_t r = 0;
	size_t w = 0;

	while (r < n) {
		uint32_t cp;
		size_t used = utf8_decode(&cp, msg + r, n - r);

		if (used == 0 || cp < 0x20 || cp == 0x7f) {
			msg[w++] = '?';
			r++;
			continue;
		}
		memmove(msg + w, msg + r, used);
		w += used;
		r += used;
	}
	msg[w] = '\0';
}

/* A cut in the middle of a sequence is ours, not the caller's: drop the rest. */
static void trim_cut(char *msg, size_t n)
{
	size_t start = n;
	uint32_t cp;

	while (
	    start > 0 && n - start < 4 && ((unsigned char)msg[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)msg[start - 1] >= 0xc0) {
		start--;
		if (utf8_decode(&cp, msg + start, n - start) == 0)
			msg[start] = '\0';
	}
}

static void fill(struct saksi_error *err, enum saksi_err code, int sys, const char *fmt,
    va_list ap) __attribute__((format(printf, 4, 0)));

static void fill(struct saksi_error *err, enum saksi_err code, int sys, const char *fmt,
    va_list ap)
{
	int n;

	err->code = code;
	err->sys = sys;
	err->msg[0] = '\0';
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	if (n < 0)
		err->msg[0] = '\0';
	else if ((size_t)n >= sizeof(err->msg))
		trim_cut(err->msg, sizeof(err->msg) - 1);
}

enum saksi_err saksi_fail(struct saksi_error *err, enum saksi_err code, const char *fmt,
    ...)
{
	va_list ap;

	if (err != NULL) {
		va_start(ap, fmt);
		fill(err, code, 0, fmt, ap);
		va_end(ap);
		make_one_line(err->msg);
	}
	return code;
}

const char *saksi_reason(char out[SAKSI_REASON], const struct saksi_error *err)
{
	const char *end = strstr(err->msg, "; ");
	size_t n = end == NULL ? strlen(err->msg) : (size_t)(end - err->msg);
	bool cut = n >= SAKSI_REASON;

	n = cut ? SAKSI_REASON - 1 : n;
	memcpy(out, err->msg, n);
	out[n] = '\0';
	if (cut)
		trim_cut(out, n);
	return out;
}

static enum saksi_err code_of_errno(int sys)
{
	if (sys == ENOMEM)
		return SAKSI_ENOMEM;
	if (sys == ENOENT)
		return SAKSI_ENOTFOUND;
	return SAKSI_EIO;
}

enum saksi_err saksi_fail_sys(struct saksi_error *err, const char *fmt, ...)
{
	const int sys = errno;
	const enum saksi_err code = code_of_errno(sys);
	char words[128];
	size_t n;
	va_list ap;

	if (err != NULL) {
		va_start(ap, fmt);
		fill(err, code, sys, fmt, ap);
		va_end(ap);
		n = strlen(err->msg);
		(void)snprintf(err->msg + n, sizeof(err->msg) - n, ": %s",
		    strerror_r(sys, words, sizeof(words)));
		make_one_line(err->msg);
	}
	errno = sys;
	return code;
}

enum saksi_err saksi_fail_nomem(struct saksi_error *err)
{
	return saksi_fail(err, SAKSI_ENOMEM,
	    "memory: the system has no more to give; close other programs and try again");
}

static atomic_bool ran_out;

void memory_ran_out(void)
{
	atomic_store(&ran_out, true);
}

bool memory_has_run_out(void)
{
	return atomic_load(&ran_out);
}

const char *saksi_err_name(enum saksi_err code)
{
	switch (code) {
	case SAKSI_OK:
		return "SAKSI_OK";
	case SAKSI_ENOTFOUND:
		return "SAKSI_ENOTFOUND";
	case SAKSI_EEXIST:
		return "SAKSI_EEXIST";
	case SAKSI_EINVAL:
		return "SAKSI_EINVAL";
	case SAKSI_EAUTH:
		return "SAKSI_EAUTH";
	case SAKSI_EDAMAGED:
		return "SAKSI_EDAMAGED";
	case SAKSI_EFORMAT:
		return "SAKSI_EFORMAT";
	case SAKSI_ENEWER:
		return "SAKSI_ENEWER";
	case SAKSI_ELIMIT:
		return "SAKSI_ELIMIT";
	case SAKSI_EBUSY:
		return "SAKSI_EBUSY";
	case SAKSI_ENOMEM:
		return "SAKSI_ENOMEM";
	case SAKSI_EIO:
		return "SAKSI_EIO";
	case SAKSI_EREFUSED:
		return "SAKSI_EREFUSED";
	case SAKSI_EPARTIAL:
		return "SAKSI_EPARTIAL";
	case SAKSI_ELOCKED:
		return "SAKSI_ELOCKED";
	}
	return "unknown";
}
