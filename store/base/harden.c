#include <sys/prctl.h>
#include <sys/resource.h>

#include <sodium.h>

#include <saksi/base/secret.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/*
 * LeakSanitizer stops its own threads with ptrace, which a process that is not
 * dumpable forbids; and a debugger run without privileges loses sight of the
 * memory.  So builds with a sanitizer, and builds that define
 * SAKSI_KEEP_DUMPABLE to be debugged, only lose their core dumps.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||     \
    __has_feature(address_sanitizer) || __has_feature(leak_sanitizer) || \
    __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#ifndef SAKSI_KEEP_DUMPABLE
#define SAKSI_KEEP_DUMPABLE
#endif
#endif

void process_on_misuse(void (*fn)(void))
{
	(void)sodium_set_misuse_handler(fn);
}

enum saksi_err process_harden(struct saksi_error *err)
{
	const struct rlimit none = {0, 0};

	if (sodium_init() < 0)
		return saksi_fail(err, SAKSI_EIO,
		    "cryptography: the system's random numbers cannot be read");
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return saksi_fail_sys(err,
		    "core dumps: the system does not switch them off");
#ifndef SAKSI_KEEP_DUMPABLE
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return saksi_fail_sys(err,
		    "process: the system does not shield its memory from other programs");
#endif
	return SAKSI_OK;
}
