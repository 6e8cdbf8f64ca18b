#include "limits.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire.h"

/* Read-only mappings of libraries come on top of what an exporter may use. */
#define MEMORY_FOR_LIBRARIES (UINT64_C(512) << 20)
#define OPEN_FILES 16u

void limits_detach(long parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		wire_fail("the system refuses to confine a process (prctl: %s)",
		    strerror(errno));
	/* The host may have died before the signal was armed. */
	if ((long)getppid() != parent)
		_exit(1);
}

void limits_drop_capabilities(void)
{
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* only root has any to drop */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);

	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
	memset(none, 0, sizeof none);
	if (syscall(SYS_capset, &head, none) != 0)
		wire_fail("the system refuses to drop capabilities (%s)", strerror(errno));
}

static void limit(__rlimit_resource_t what, uint64_t soft, uint64_t hard)
{
	struct rlimit had;
	if (getrlimit(what, &had) == 0 && had.rlim_max != RLIM_INFINITY) {
		/* Never above what the user's own limits allow. */
		if (hard > had.rlim_max)
			hard = had.rlim_max;
		if (soft > hard)
			soft = hard;
	}
	struct rlimit r = {(rlim_t)soft, (rlim_t)hard};
	if (setrlimit(what, &r) != 0)
		wire_fail("the system refuses a resource limit (%s)", strerror(errno));
}

void limits_set(uint64_t cpu_s, uint64_t memory)
{
	uint64_t space = memory + MEMORY_FOR_LIBRARIES;
	limit(RLIMIT_CORE, 0, 0);
	limit(RLIMIT_FSIZE, 0, 0);
	limit(RLIMIT_NPROC, 0, 0);
	limit(RLIMIT_MEMLOCK, 0, 0);
	limit(RLIMIT_MSGQUEUE, 0, 0);
	limit(RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES);
	limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
	limit(RLIMIT_DATA, memory, memory);
	limit(RLIMIT_AS, space, space);
}
