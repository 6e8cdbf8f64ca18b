/* dirclean.c - what own syncs that were cut short left in a shared directory. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "directory.h"

#define STALE_S (24 * 60 * 60) /* no sync lasts a day */
#define BACK 256u	       /* counters before and after the present one */
#define AHEAD 16u
#define PARTS_MAX 256u /* looked at in one run */

/* `.NAME.TAG.part`: fills in NAME. */
static bool part_name(const char *s, uint8_t name[OBJECT_NAME])
{
	static const char hex[] = "0123456789abcdef";
	char text[OBJECT_HEX + 1];

	if (s[0] != '.' || strspn(s + 1, hex) != OBJECT_HEX)
		return false;
	memcpy(text, s + 1, OBJECT_HEX);
	text[OBJECT_HEX] = '\0';
	s += 1 + OBJECT_HEX;
	return s[0] == '.' && strspn(s + 1, hex) == 16 && strcmp(s + 17, ".part") == 0 &&
	    hex_decode(name, OBJECT_NAME, text);
}

/* Nobody else can make a name that is ours. */
static bool own_name(const struct dir_sync *s, const uint8_t name[OBJECT_NAME])
{
	uint64_t at = s->remotes.counter;
	uint8_t own[OBJECT_NAME];

	for (uint64_t c = at > BACK ? at - BACK : 0; c < at + AHEAD; c++) {
		object_name_of(own, s->team->epochs[0].key, &s->team->self.id, c);
		if (memcmp(own, name, OBJECT_NAME) == 0)
			return true;
	}
	return false;
}

static bool stale(const struct dir_sync *s, const char *name)
{
	struct stat st;

	return fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) &&
	    (int64_t)st.st_mtime < clock_now_us() / 1000000 - STALE_S;
}

void dir_clean(struct dir_sync *s)
{
	int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	uint8_t name[OBJECT_NAME];
	size_t looked = 0;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (s->team->can_seal && looked < PARTS_MAX && (e = readdir(d)) != NULL) {
		if (!part_name(e->d_name, name) || !stale(s, e->d_name))
			continue;
		looked++;
		if (own_name(s, name))
			(void)unlinkat(s->fd, e->d_name, 0);
	}
	closedir(d);
}
