#include "wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t held[FRAME_REPLY_MAX];
static size_t n_held;
static uint8_t *frame;
static size_t frame_cap;

static void read_all(uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t r = read(RUNNER_FD_IN, p, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			_exit(1);
		p += r;
		n -= (size_t)r;
	}
}

static void write_all(const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t r = write(RUNNER_FD_OUT, p, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			_exit(1);
		p += r;
		n -= (size_t)r;
	}
}

static void put_le32(uint8_t *p, size_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

enum frame_type wire_read(const uint8_t **body, size_t *len)
{
	uint8_t head[FRAME_HEAD];
	read_all(head, sizeof head);
	size_t n = (size_t)head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 |
	    (size_t)head[4] << 24;
	if (n > FRAME_BODY_MAX)
		wire_fail("a record is larger than %u bytes", FRAME_BODY_MAX);
	if (n > frame_cap) {
		free(frame);
		frame = malloc(n);
		if (!frame) {
			frame_cap = 0;
			wire_fail("out of memory: the limit is too small for a record");
		}
		frame_cap = n;
	}
	read_all(frame, n);
	*body = frame;
	*len = n;
	return (enum frame_type)head[0];
}

static void send_raw(enum frame_type type, const void *p, size_t n)
{
	uint8_t head[FRAME_HEAD];
	head[0] = (uint8_t)type;
	put_le32(head + 1, n);
	write_all(head, sizeof head);
	write_all(p, n);
}

static void flush_held(void)
{
	if (n_held > 0) {
		send_raw(FRAME_WRITE, held, n_held);
		n_held = 0;
	}
}

void wire_send(enum frame_type type, const void *p, size_t n)
{
	flush_held();
	send_raw(type, p, n);
}

void wire_write(const void *p, size_t n)
{
	const uint8_t *from = p;
	while (n > 0) {
		size_t room = sizeof held - n_held;
		size_t take = n < room ? n : room;
		memcpy(held + n_held, from, take);
		n_held += take;
		from += take;
		n -= take;
		if (n_held == sizeof held)
			flush_held();
	}
}

void wire_fail(const char *fmt, ...)
{
	char words[FRAME_LOG_MAX];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	size_t len = n < 0 ? 0 : (size_t)n < sizeof words ? (size_t)n : sizeof words - 1;
	wire_send(FRAME_FAILED, words, len);
	_exit(1);
}
