/*
 * Dates, durations and times: whatever is accepted has days in order and words
 * for a person; whatever is not has neither.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/edtf.h>
#include <saksi/base/fsio.h>

static void must(int true_enough)
{
	if (!true_enough)
		abort();
}

static void check_date(const char *s)
{
	struct saksi_error err;
	struct edtf e;
	char words[111];
	const bool ok = edtf_parse(&e, s, &err) == SAKSI_OK;

	must(edtf_long(words, sizeof(words), s) == ok);
	must((words[0] != '\0') == ok);
	if (!ok) {
		must(err.code == SAKSI_EINVAL);
		return;
	}
	must(e.earliest <= e.latest);
	must(e.earliest != EDTF_DAY_MIN || e.latest != EDTF_DAY_MAX);
	must(e.day_known == (e.earliest == e.latest));
	must(edtf_overlaps(&e, &e));
}

static void check_time(const char *s)
{
	int64_t us;
	int64_t again;
	char text[24];

	if (!time_parse(&us, s))
		return;
	time_text(text, us);
	must(time_parse(&again, text));
	must(again <= us && us - again < 1000000);
	must(strncmp(text, s, 19) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	if (s == NULL)
		return 0;
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	check_date(s);
	check_time(s);
	(void)duration_valid(s);
	free(s);
	return 0;
}
