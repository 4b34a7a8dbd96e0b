/*
 * The yardstick: what a message costs at least. Copies standard input into a
 * Maildir, syncs file and directory, and looks at nothing.
 *
 * usage: yardstick MAILDIR
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static char buf[64 * 1024];

int main(int argc, char **argv)
{
	char tmp[100], *name = tmp + 4;
	struct timespec now;
	ssize_t got, put, n;
	int box, file, dir;

	if (argc != 2 || (box = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return 75;
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(tmp, sizeof tmp, "tmp/%lld.M%06ldP%ld.host", (long long)now.tv_sec, now.tv_nsec / 1000, (long)getpid());
	if ((file = openat(box, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		return 75;
	while ((got = read(0, buf, sizeof buf)) > 0)
		for (put = 0; put < got; put += n)
			if ((n = write(file, buf + put, got - put)) < 0)
				return 75;
	if (got < 0 || fsync(file) != 0 || close(file) != 0)
		return 75;
	if ((dir = openat(box, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return 75;
	if (renameat(box, tmp, dir, name) != 0 || fsync(dir) != 0)
		return 75;
	return 0;
}
