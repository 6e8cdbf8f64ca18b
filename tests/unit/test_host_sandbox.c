/*
 * Which plugin files are taken, plugins of other times, the manual's example,
 * and a kernel that cannot confine.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "host_source.h"
#include "runner.h"
#include "saksi_paths.h"

static struct fake_source s;
static char here[PATH_MAX / 4], tests_dir[PATH_MAX];

static int set_up(void **state)
{
	schema_setup(state);
	fixture_set_paths(SAKSI_REL_RUNNER, SAKSI_REL_EXPORTERS);
	fixture_path(tests_dir, "exporters");
	assert_non_null(getcwd(here, sizeof here));
	fake_init(&s);
	fake_add_text(&s, "{'id':'e1','type':'event','class':'P','title':'First event'}");
	fake_add_text(&s, "{'id':'k1','type':'case','class':'P','title':'A case'}");
	return 0;
}

static int tear_down(void **state)
{
	fake_free(&s);
	return schema_teardown(state);
}

static const char *in(const char *dir, const char *name)
{
	static char path[4][PATH_MAX + 40];
	static unsigned next;
	char *p = path[next++ % 4];
	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

/* ---- files ------------------------------------------------------------------------------ */

static void copy(const char *to, const char *from, mode_t mode)
{
	struct buf b = BUF_INIT;
	assert_int_equal(fs_read_file(&b, from, 1 << 24, &g_err), SAKSI_OK);
	unlink(to);
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, b.p, b.len, "copy", &g_err), SAKSI_OK);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	buf_free(&b);
}

static void assert_open(const char *path, enum saksi_err expected)
{
	struct buf b = BUF_INIT;
	int fd;
	enum saksi_err rc = host_plugin_open(&fd, &b, path, &g_err);
	if (rc != expected)
		fail_msg("%s: %d %s", path, rc, rc ? g_err.msg : "");
	if (rc == SAKSI_OK) {
		/* What was hashed can not be changed any more, by nobody. */
		assert_int_equal(pwrite(fd, "x", 1, 0), -1);
		assert_int_equal(ftruncate(fd, 0), -1);
		assert_int_equal(lseek(fd, 0, SEEK_END), b.len);
		close(fd);
	} else {
		assert_int_equal(fd, -1);
	}
	buf_free(&b);
}

static void plugin_files(void **state)
{
	(void)state;
	char so[PATH_MAX + 40];
	snprintf(so, sizeof so, "%s", in(fixture_exporters, "ndjson.so"));
	assert_open(so, SAKSI_OK);
	assert_open("ndjson.so", SAKSI_EINVAL);
	assert_open("./ndjson.so", SAKSI_EINVAL);
	assert_open("/", SAKSI_EINVAL);
	assert_open(in(here, "not-there.so"), SAKSI_ENOTFOUND);
	assert_open("/no/such/folder/x.so", SAKSI_ENOTFOUND);
	assert_open("/dev/null", SAKSI_EREFUSED);
	copy(in(here, "mine.so"), so, 0600);
	assert_open(in(here, "mine.so"), SAKSI_OK);
	assert_int_equal(symlink(in(here, "mine.so"), in(here, "link.so")), 0);
	assert_open(in(here, "link.so"), SAKSI_EREFUSED);
	copy(in(here, "group.so"), so, 0620);
	assert_open(in(here, "group.so"), SAKSI_EREFUSED);
	copy(in(here, "world.so"), so, 0602);
	assert_open(in(here, "world.so"), SAKSI_EREFUSED);
	assert_int_equal(mkfifo(in(here, "fifo.so"), 0600), 0);
	assert_open(in(here, "fifo.so"), SAKSI_EREFUSED);

	/* Folders, also through a link and also further up. */
	assert_int_equal(mkdir(in(here, "open"), 0700), 0);
	assert_int_equal(mkdir(in(here, "open/inner"), 0700), 0);
	copy(in(here, "open/inner/x.so"), so, 0600);
	assert_int_equal(symlink(in(here, "open/inner"), in(here, "way")), 0);
	assert_open(in(here, "way/x.so"), SAKSI_OK);
	assert_int_equal(chmod(in(here, "open"), 0777), 0);
	assert_open(in(here, "open/inner/x.so"), SAKSI_EREFUSED);
	assert_open(in(here, "way/x.so"), SAKSI_EREFUSED);
	assert_int_equal(chmod(in(here, "open"), 0720), 0);
	assert_open(in(here, "open/inner/x.so"), SAKSI_EREFUSED);
	assert_int_equal(chmod(in(here, "open"), 0702), 0);
	assert_open(in(here, "open/inner/x.so"), SAKSI_EREFUSED);
	/* Sticky, as /tmp: nobody else can replace what is in it. */
	assert_int_equal(chmod(in(here, "open"), 01777), 0);
	assert_open(in(here, "open/inner/x.so"), SAKSI_OK);
	assert_int_equal(chmod(in(here, "open"), 01770), 0);
	assert_open(in(here, "open/inner/x.so"), SAKSI_OK);
	if (geteuid() == 0) {
		assert_int_equal(chown(in(here, "mine.so"), 12345, 12345), 0);
		assert_open(in(here, "mine.so"), SAKSI_EREFUSED);
		assert_int_equal(chown(in(here, "open"), 12345, 12345), 0);
		assert_open(in(here, "open/inner/x.so"), SAKSI_EREFUSED);
	}
}

/* ---- plugins of other times ------------------------------------------------------------------ */

static void assert_runs(const char *path, const char *const *options, const char *expected)
{
	struct fixture_run r;
	s.at = 0;
	fixture_export(&r, (struct host_job){.source = &s.host, .options = options}, path);
	if (r.rc != SAKSI_OK)
		fail_msg("%s: %s %s", path, r.err.msg, r.log);
	assert_string_equal(buf_cstr(&r.out), expected);
	fixture_done(&r);
}

static void assert_explains(const char *path, const char *const *words)
{
	struct fixture_run r;
	s.at = 0;
	fixture_export(&r, (struct host_job){.source = &s.host}, path);
	assert_int_equal(r.rc, SAKSI_EIO);
	for (; *words; words++)
		if (!strstr(r.err.msg, *words))
			fail_msg("%s: \"%s\" is not in: %s", path, *words, r.err.msg);
	fixture_done(&r);
}

#define EXPLAINS(name, ...) \
	assert_explains(in(tests_dir, name), (const char *const[]){__VA_ARGS__, NULL})

static void other_times(void **state)
{
	(void)state;
	assert_runs(in(tests_dir, "abi-small.so"), NULL, "item\nitem\n");
	assert_runs(in(tests_dir, "abi-large.so"), NULL, "item\nitem\nend\n");
	EXPLAINS("abi-other.so", "version 7", "has version 1");
	EXPLAINS("abi-tiny.so", "8 bytes", "sizeof(struct saksi_exporter)");
	EXPLAINS("abi-faulty.so", "`name`", "`file_ending`", "`input`",
	    "`item` is missing");
	EXPLAINS("abi-nothing.so", "saksi_exporter_entry", "SAKSI_EXPORTER_REGISTER");
	EXPLAINS("abi-empty.so", "returned nothing");
}

static void manual_example(void **state)
{
	static const char *const yes[] = {"type=yes", NULL};
	(void)state;
	assert_runs(in(tests_dir, "titles.so"), NULL, "First event\nA case\n");
	assert_runs(in(tests_dir, "titles.so"), yes, "event: First event\ncase: A case\n");
}

/* ---- files that are no plugins ------------------------------------------------------------------ */

static void damaged_plugins(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	char path[PATH_MAX + 40];
	snprintf(path, sizeof path, "%s", in(here, "damaged.so"));
	assert_int_equal(fs_read_file(&b, in(fixture_exporters, "ndjson.so"), 1 << 24,
			     &g_err),
	    SAKSI_OK);
	/* Cut short, or with rubbish in its tables: words or a crash of the runner, never more. */
	for (size_t i = 0; i < 60; i++) {
		struct fixture_run r;
		size_t len = i < 20 ? b.len * i / 20 : b.len;
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(fs_write_all(fd, b.p, len, "copy", &g_err), SAKSI_OK);
		uint8_t rubbish = (uint8_t)(i * 37 + 1);
		for (size_t k = 0; i >= 20 && k < 40; k++) {
			off_t at = (off_t)((i - 20) * 24 + k);
			assert_int_equal(pwrite(fd, &rubbish, 1, at + 4), 1);
		}
		close(fd);
		s.at = 0;
		fixture_export(&r,
		    (struct host_job){.source = &s.host, .timeout_ms = 5000}, path);
		if (i < 2) /* later cuts may lose nothing that is loaded */
			assert_int_equal(r.rc, SAKSI_EIO);
		if (r.rc != SAKSI_OK)
			assert_true(strlen(r.err.msg) > 20);
		fixture_done(&r);
	}
	buf_free(&b);
}

/* ---- the list ------------------------------------------------------------------------------------ */

static const struct host_format *format(const struct host_format *list, size_t n,
    const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	fail_msg("no format %s", name);
	return NULL;
}

static void formats(void **state)
{
	(void)state;
	struct host_format *list;
	size_t n;
	assert_int_equal(host_formats(&fixture_paths, &list, &n, &g_err), SAKSI_OK);
	const struct host_format *f = format(list, n, "csv");
	assert_string_equal(f->ending, "zip");
	assert_string_equal(f->exporter, "csv");
	assert_string_equal(f->path, in(fixture_exporters, "csv.so"));
	assert_false(f->form);
	assert_int_equal(f->input, HOST_INPUT_RECORDS);
	assert_non_null(strstr(f->options, "type: only the table of this type"));
	assert_non_null(strstr(f->options, "\nseparator: "));
	f = format(list, n, "text");
	assert_int_equal(f->input, HOST_INPUT_DOCUMENT);
	assert_non_null(strstr(f->options, "width: "));
	f = format(list, n, "ndjson");
	assert_int_equal(f->input, HOST_INPUT_RECORDS);
	assert_string_equal(f->options, "");
	f = format(list, n, "un-sp");
	assert_int_equal(f->input, HOST_INPUT_DOCUMENT);
	assert_non_null(
	    strstr(f->options, "letter: Letter asked for: UA (urgent appeal: "));
	assert_non_null(strstr(f->options,
	    "\nmandates: Mandates addressed, several with commas: SR-HOUSING, WG-"));
	assert_non_null(strstr(f->options, "(default as-consented)\n"));
	assert_non_null(strstr(f->options, "\nstate: State or other addressee\n"));
	assert_non_null(strstr(f->options, "\nconfidential: "));
	assert_int_equal(f->options[strlen(f->options) - 1], '\n');
	assert_true(f->form);
	assert_string_equal(f->exporter, "text");
	assert_string_equal(f->ending, "txt");
	assert_non_null(strstr(f->version, "2026-11-21"));
	(void)format(list, n, "ndjson");
	free(list);

	struct host_format one;
	assert_int_equal(host_format_of(&one, &fixture_paths, in(tests_dir, "titles.so"),
			     &g_err),
	    SAKSI_OK);
	assert_string_equal(one.name, "titles");
	assert_int_equal(host_format_of(&one, &fixture_paths,
			     in(tests_dir, "abi-other.so"), &g_err),
	    SAKSI_OK);
	assert_string_equal(one.exporter, "");
	assert_int_equal(one.input, HOST_INPUT_NONE);

	/* Broken ones are shown as such and hurt nobody. */
	struct host_paths p = fixture_paths;
	p.exporters = tests_dir;
	p.forms = here;
	int fd = open(in(here, "bad.json"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(fs_write_all(fd, "{\"form\":1}", 10, "form", &g_err), SAKSI_OK);
	close(fd);
	assert_int_equal(host_formats(&p, &list, &n, &g_err), SAKSI_OK);
	f = format(list, n, "bad");
	assert_non_null(strstr(f->description, "not usable"));
	assert_string_equal(f->exporter, "");
	f = format(list, n, "abi-other");
	assert_non_null(strstr(f->description, "version 7"));
	(void)format(list, n, "titles");
	free(list);

	p.exporters = "/no/such/folder";
	p.forms = NULL;
	assert_int_equal(host_formats(&p, &list, &n, &g_err), SAKSI_OK);
	assert_int_equal(n, 0);
	free(list);
}

/* ---- a kernel that cannot confine ---------------------------------------------------------------- */

/*
 * In this process and its children, call ${nr} is answered with ${action}, and
 * with ${old_seccomp} the older way to a seccomp filter too.
 */
static void forbid(long nr, bool old_seccomp, uint32_t action)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 3, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, old_seccomp ? SYS_prctl : 0xffffff, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, action),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(90);
}

/* 0 if the export is refused with ${words}, before the exporter is loaded. */
static int refused_with(const char *plugin, const char *words)
{
	struct fixture_run r;
	s.at = 0;
	fixture_export(&r, (struct host_job){.source = &s.host}, plugin);
	if (r.rc != SAKSI_EIO || r.out.len > 0)
		return 1;
	if (strstr(r.err.msg, "exports are refused here") && strstr(r.err.msg, words))
		return 0;
	(void)!write(2, r.err.msg, strlen(r.err.msg));
	return 2;
}

static void assert_fails_closed(long nr, bool old_seccomp, uint32_t action,
    const char *words)
{
	/* One whose constructor would say that it ran is not needed: CONFINED was not reached. */
	const char *plugin = in(fixture_exporters, "ndjson.so");
	pid_t pid = fork();
	if (pid == 0) {
		forbid(nr, old_seccomp, action);
		_exit(refused_with(plugin, words));
	}
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void fails_closed(void **state)
{
	(void)state;
	const uint32_t nosys = SECCOMP_RET_ERRNO | ENOSYS, none = SECCOMP_RET_ERRNO | 0;
	const uint32_t off = SECCOMP_RET_ERRNO | EOPNOTSUPP;
	const long landlock = SYS_landlock_create_ruleset;
	/* Without Landlock; switched off at boot; older than ABI 2 (an answer of 0). */
	assert_fails_closed(landlock, false, nosys, "Landlock");
	assert_fails_closed(landlock, false, off, "Landlock");
	assert_fails_closed(landlock, false, none, "Landlock ABI 2");
	assert_fails_closed(SYS_landlock_restrict_self, false, nosys, "Landlock");
	assert_fails_closed(SYS_landlock_add_rule, false, nosys, "Landlock");
	assert_fails_closed(SYS_seccomp, true, SECCOMP_RET_ERRNO | EINVAL, "seccomp");
	assert_fails_closed(SYS_capset, false, nosys, "capabilities");
}

static void no_runner(void **state)
{
	(void)state;
	struct fixture_run r;
	s.at = 0;
	fixture_paths.runner = "/no/such/runner";
	fixture_export(&r, (struct host_job){.source = &s.host},
	    in(fixture_exporters, "ndjson.so"));
	assert_int_not_equal(r.rc, SAKSI_OK);
	assert_non_null(strstr(r.err.msg, "/no/such/runner"));
	fixture_done(&r);
	s.at = 0;
	fixture_paths.runner = "/bin/true"; /* runs, but is no runner */
	fixture_export(&r, (struct host_job){.source = &s.host},
	    in(fixture_exporters, "ndjson.so"));
	assert_int_equal(r.rc, SAKSI_EIO);
	fixture_done(&r);
	fixture_paths.runner = fixture_runner;
}

/* ---- what a plugin may say of itself ----------------------------------------------------------------- */

static void registrations(void **state)
{
	static const uint8_t good[] =
	    "\1\0\0\0\x60\0\0\0\1\0\0\0\3\0\0\0abc\0\0\0\0\0\0\0\0\3\0\0\0txt"
	    "\0\0\0\0";
	const size_t len = sizeof good - 1;
	struct registration reg;
	uint8_t bad[sizeof good + 4];
	(void)state;
	assert_true(registration_parse(&reg, good, len));
	assert_string_equal(reg.name, "abc");
	assert_string_equal(reg.file_ending, "txt");
	for (size_t n = 0; n < len; n++)
		assert_false(registration_parse(&reg, good, n));
	memcpy(bad, good, len);
	bad[len] = 0;
	assert_false(registration_parse(&reg, bad, len + 1));
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {{0, 2}, {8, 3}, {12, 0xff}, {15, 0xff}, {16, 'A'}, {16, 0},
	    {16, '/'}, {31, '/'}, {31, 0x1b}};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		memcpy(bad, good, len);
		bad[changes[i].at] = changes[i].value;
		if (registration_parse(&reg, bad, len))
			fail_msg("change %zu was taken", i);
	}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plugin_files),
    cmocka_unit_test(other_times),
    cmocka_unit_test(manual_example),
    cmocka_unit_test(damaged_plugins),
    cmocka_unit_test(formats),
    cmocka_unit_test(fails_closed),
    cmocka_unit_test(no_runner),
    cmocka_unit_test(registrations),
};

TEST_MAIN(tests, set_up, tear_down)
