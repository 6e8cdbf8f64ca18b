#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire.h"

/*
 * Declared here because the kernel headers of Debian 12 stop at ABI 2; a
 * kernel takes a longer struct as long as the part it does not know is zero.
 */
struct ruleset_attr {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};
struct path_attr {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));
_Static_assert(sizeof(struct path_attr) == 12, "struct landlock_path_beneath_attr");

#define ABI_LEAST 2
#define CREATE_VERSION 1u
#define RULE_PATH_BENEATH 1
#define FS_READ_FILE (UINT64_C(1) << 2)

/* All that each ABI can hold back; nothing of it is then given but by a rule. */
static struct ruleset_attr all_of(int abi)
{
	struct ruleset_attr a = {0, 0, 0};
	unsigned fs_bits = abi >= 5 ? 16 : abi >= 3 ? 15 : 14;
	a.fs = (UINT64_C(1) << fs_bits) - 1;
	if (abi >= 4)
		a.net = 3; /* bind and connect TCP */
	if (abi >= 6)
		a.scoped = 3; /* abstract sockets, signals to others */
	return a;
}

static int new_ruleset(int abi)
{
	struct ruleset_attr a = all_of(abi);
	long fd = syscall(SYS_landlock_create_ruleset, &a, sizeof a, 0u);
	if (fd < 0)
		wire_fail("Landlock refuses a ruleset (%s)", strerror(errno));
	return (int)fd;
}

static void allow_reading(int ruleset, const char *path)
{
	struct path_attr p = {FS_READ_FILE, -1};
	p.fd = open(path, O_PATH | O_CLOEXEC);
	if (p.fd < 0)
		return; /* not every system has every folder */
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &p, 0u) != 0)
		wire_fail("Landlock refuses a rule for %s (%s)", path, strerror(errno));
	close(p.fd);
}

void walls_prepare(struct walls *w)
{
	static const char *const folders[] = {"/lib", "/lib32", "/lib64", "/usr/lib",
	    "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	if (abi < ABI_LEAST) {
		wire_fail("this kernel cannot confine it: Landlock ABI %d or newer is needed, "
			  "here is %s; use Linux 5.19 or newer with \"landlock\" among its "
			  "security modules",
		    ABI_LEAST, abi < 0 ? "none" : "an older one");
	}
	w->abi = (int)abi;
	w->nothing = new_ruleset(w->abi);
	w->libraries = new_ruleset(w->abi);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		allow_reading(w->libraries, folders[i]);
}

void walls_raise(int ruleset)
{
	if (syscall(SYS_landlock_restrict_self, ruleset, 0u) != 0)
		wire_fail("Landlock refuses to confine this process (%s)",
		    strerror(errno));
	close(ruleset);
}
