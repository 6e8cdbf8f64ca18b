/* directory.h - a shared directory while it is being synced: PROTOCOL.md section 8. */
#ifndef SAKSI_SYNC_DIRECTORY_H
#define SAKSI_SYNC_DIRECTORY_H

#include "carry.h"

#define DIR_NAMES_MAX 65536u
#define OBJECT_FILE_MAX ((uint64_t)10 << 20)
#define OBJECT_ITEMS_MAX ((uint64_t)8 << 20)
#define OBJECT_HEX (2u * OBJECT_NAME)

enum found_state {
	FOUND_NEW = 0,
	FOUND_KNOWN,  /* read at an earlier sync, unchanged */
	FOUND_READ,   /* read now */
	FOUND_AGAIN,  /* read now, but something of it waits for room */
	FOUND_IGNORED /* not ours, not whole, not good */
};
struct found_object {
	char hex[OBJECT_HEX + 1];
	struct remote_object id;
	enum found_state state;
	struct saksi_hash sealer;
	uint64_t height, counter;
};
struct last_word { /* the newest proven frontier of one sealer */
	struct manifest manifest;
	struct frontier frontier;
};
struct dir_sync {
	struct saksi_team *team;
	const struct sync_options *opt;
	struct sync_summary *sum;
	struct tally tally;
	struct gate *gate;
	struct incoming in;
	struct remotes remotes;
	struct remote_dir *dir;	 /* one of remotes */
	struct remote_dir added; /* what this run adds to it */
	bool forgot;		 /* what was seen there before does not count */
	int fd;
	struct found_object *list;
	size_t n, cap;
	uint64_t *here; /* arrival numbers in the object being read or written */
	size_t n_here, cap_here;
	struct last_word *words;
	size_t n_words, cap_words;
	size_t faulty; /* objects that were cut off, altered or refused */
};

/** dir_scan: List and look at what is there; notices what is gone or replaced. */
SAKSI_MUST_CHECK enum saksi_err dir_scan(struct dir_sync *s, struct saksi_error *err);
/** dir_read: Read what is new. */
SAKSI_MUST_CHECK enum saksi_err dir_read(struct dir_sync *s, struct saksi_error *err);
/** dir_write: Add what is lacking. */
SAKSI_MUST_CHECK enum saksi_err dir_write(struct dir_sync *s, struct saksi_error *err);
/** dir_object: It was read or written, and need not be read again. */
SAKSI_MUST_CHECK enum saksi_err dir_object(struct dir_sync *s,
    const struct remote_object *o, struct saksi_error *err);
/** dir_clean: Remove what own syncs that were cut short left more than a day ago. */
void dir_clean(struct dir_sync *s);
/** dir_here: Note an arrival number. */
SAKSI_MUST_CHECK enum saksi_err dir_here(void *ctx, uint64_t n, struct saksi_error *err);
/** dir_count_here: All can read the object: its numbers are in the directory. */
SAKSI_MUST_CHECK enum saksi_err dir_count_here(struct dir_sync *s,
    struct saksi_error *err);
/** dir_fault: Count and tell. */
void dir_fault(struct dir_sync *s, const char *hex, const char *reason);
/** object_name_of(out, epoch_key, sealer, counter): PROTOCOL.md 8. */
void object_name_of(uint8_t out[OBJECT_NAME], const struct secret *epoch_key,
    const struct saksi_hash *sealer, uint64_t counter);
/** object_print_of(out, fd, size): From its size and first 80 bytes; false: too short. */
bool object_print_of(uint8_t out[OBJECT_NAME], int fd, uint64_t size);

#endif
