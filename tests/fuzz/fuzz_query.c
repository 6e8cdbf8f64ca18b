/*
 * Queries: whatever parses can be asked of any record, gives the same answer
 * twice, and is the opposite of its negation.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/store/query.h>

#include "fuzz_schema.h"

static const char *const records[] = {
    "{\"type\":\"person\",\"names\":[{\"text\":\"Kong Raiya\",\"source\":[{\"item\":\"i\"}]},"
    "{\"text\":\"\xe1\x9e\x9a\xe1\x9f\x89\xe1\x9e\xb6\xe1\x9e\x99\"}],\"note\":\"two words\"}",
    "{\"type\":\"act\",\"class\":\"P\",\"event\":\"e\",\"kind\":\"04:030101000000\",\"date\":"
    "{\"edtf\":\"2019-07-09\",\"stated\":\"a Tuesday\"},\"detention\":{\"facility\":\"Prey Sar\"},"
    "\"involvement\":[{\"degree\":\"18:010100000000\",\"perpetrator\":\"p\"}],\"amount\":"
    "{\"amount\":\"4000000\",\"currency\":\"KHR\"}}",
};
#define RECORDS (sizeof(records) / sizeof(records[0]))

static json_t *record[RECORDS];

static bool resolve_short(void *ctx, const char *text, const char *to, char out[27])
{
	(void)ctx;
	(void)to;
	if (strlen(text) > 3)
		return false;
	memset(out, 0, 27);
	memcpy(out, text, strlen(text));
	return true;
}

static const struct schema_resolver resolver = {resolve_short, NULL, false, NULL};

static struct query *parse(const char *text)
{
	struct saksi_error err;
	struct query *q = NULL;
	const enum saksi_err e = query_parse(&q, fuzz_schema(), text, &resolver, &err);

	must((e == SAKSI_OK) == (q != NULL));
	must(e == SAKSI_OK || e == SAKSI_EINVAL || e == SAKSI_ELIMIT || e == SAKSI_ENOMEM);
	must(e == SAKSI_OK || strncmp(err.msg, "query: ", 7) == 0 || e == SAKSI_ENOMEM);
	return q;
}

/* -(QUERY), unless that is too long or too deep, or the query is empty. */
static struct query *parse_negated(const char *text)
{
	const size_t n = strlen(text);
	struct query *q = NULL;
	char *s = malloc(n + 4);

	if (s == NULL || text[strspn(text, " \t\r\n")] == '\0') {
		free(s);
		return NULL;
	}
	memcpy(s, "-(", 2);
	memcpy(s + 2, text, n);
	memcpy(s + 2 + n, ")", 2);
	q = parse(s);
	free(s);
	return q;
}

static void ask(const struct query *q, const struct query *negated)
{
	for (size_t i = 0; i < RECORDS; i++) {
		double score = -1;
		double again = -2;
		const int hit = query_match(q, record[i], &score);

		must(hit == query_match(q, record[i], &again));
		must(hit < 0 || (score >= 0 && !(score < again) && !(again < score)));
		if (negated != NULL && hit >= 0)
			must(query_match(negated, record[i], NULL) == !hit);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);
	struct query *q;

	if (s == NULL)
		return 0;
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	for (size_t i = 0; i < RECORDS && record[i] == NULL; i++)
		must((record[i] = json_loads(records[i], 0, NULL)) != NULL);
	q = parse(s);
	if (q != NULL) {
		struct query *negated = parse_negated(s);

		ask(q, negated);
		query_free(&negated);
	}
	query_free(&q);
	free(s);
	return 0;
}
