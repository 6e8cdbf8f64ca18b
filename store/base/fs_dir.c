#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

char *fs_join(const char *a, const char *b)
{
	const size_t na = strlen(a);
	const size_t nb = strlen(b);
	const size_t slash = na == 0 || a[na - 1] == '/' ? 0 : 1;
	char *out = malloc(na + slash + nb + 1);

	if (out == NULL)
		return NULL;
	memcpy(out, a, na);
	if (slash != 0)
		out[na] = '/';
	memcpy(out + na + slash, b, nb + 1);
	return out;
}

enum saksi_err fs_sync_dir(const char *dir, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		/* A folder one may write to but not list cannot be synced. */
		if (errno == EACCES)
			return SAKSI_OK;
		return saksi_fail_sys(err, "%s: the folder cannot be opened", dir);
	}
	/* Some file systems have no such thing for folders. */
	if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
		rc = saksi_fail_sys(err, "%s: the folder cannot be written", dir);
	(void)close(fd);
	return rc;
}

static enum saksi_err make_one(const char *path, struct saksi_error *err)
{
	struct stat st;

	/* Look first: mkdir() on a folder of a read-only system is an error. */
	if (stat(path, &st) != 0) {
		if (mkdir(path, 0700) == 0)
			return SAKSI_OK;
		if (errno != EEXIST || stat(path, &st) != 0)
			return saksi_fail_sys(err, "%s: the folder cannot be made", path);
	}
	if (!S_ISDIR(st.st_mode))
		return saksi_fail(err, SAKSI_EEXIST, "%s: exists and is not a folder",
		    path);
	return SAKSI_OK;
}

enum saksi_err fs_mkdirs(const char *path, struct saksi_error *err)
{
	enum saksi_err rc = SAKSI_OK;
	char *part = NULL;
	char *at;

	if (*path == '\0')
		return saksi_fail(err, SAKSI_EINVAL, "folder: its name is empty");
	part = strdup(path);
	if (part == NULL)
		return saksi_fail_nomem(err);
	at = part;
	while (rc == SAKSI_OK && *at != '\0') {
		char kept;

		at += strspn(at, "/");
		at += strcspn(at, "/");
		kept = *at;
		*at = '\0';
		rc = make_one(part, err);
		*at = kept;
		if (strspn(at, "/") == strlen(at))
			break;
	}
	free(part);
	return rc;
}

/*
 * All user-space file systems share one number.  Those on a block device or
 * over a local folder are local; the known remote ones are not.
 */
static bool fuse_is_remote(const char *type)
{
	static const char *const remote[] = {"sshfs", "davfs", "davfs2", "rclone", "s3fs",
	    "glusterfs", "curlftpfs", "ceph", "ceph-fuse", "gvfsd-fuse", "goofys",
	    "gcsfuse", "smbnetfs", "moosefs", "mfs", "lizardfs", "juicefs",
	    "google-drive-ocamlfuse", "onedriver", "kio-fuse"};

	if (strncmp(type, "fuse.", 5) != 0)
		return false;
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if (strcmp(type + 5, remote[i]) == 0)
			return true;
	return false;
}

/* Find the mount's type by its device number; unknown counts as local. */
static bool fuse_mount_is_remote(dev_t dev)
{
	bool remote = false;
	char line[4096];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned maj;
		unsigned min;
		char type[64];
		const char *dash = strstr(line, " - ");

		if (dash == NULL || sscanf(line, "%*d %*d %u:%u", &maj, &min) != 2)
			continue;
		if (maj != major(dev) || min != minor(dev))
			continue;
		if (sscanf(dash, " - %63s", type) == 1)
			remote = fuse_is_remote(type);
	}
	(void)fclose(f);
	return remote;
}

bool fs_is_network(int fd)
{
	/* statfs(2): AFS, Ceph, CIFS, Coda, NCP, NFS, SMB, SMB2, 9P, OCFS2, GFS2, Lustre */
	static const uint32_t remote[] = {0x5346414f, 0x6b414653, 0x00c36400, 0xff534d42,
	    0x73757245, 0x0000564c, 0x00006969, 0x0000517b, 0xfe534d42, 0x01021997,
	    0x7461636f, 0x01161970, 0x0bd00bd0};
	const uint32_t fuse = 0x65735546;
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if ((uint32_t)fs.f_type == remote[i])
			return true;
	if ((uint32_t)fs.f_type == fuse && fstat(fd, &st) == 0)
		return fuse_mount_is_remote(st.st_dev);
	return false;
}
