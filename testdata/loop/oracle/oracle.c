/*
 * oracle - the verdict of Postfix's own delivered_hdr.c, from the installed
 * library: reads RECIPIENT-LENGTH MESSAGE-LENGTH (decimal, a line), the recipient
 * and the message, any number of times, and prints 1 for a loop and 0 for none.
 *
 *   gcc oracle.c /usr/lib/postfix/libpostfix-global.so /usr/lib/postfix/libpostfix-util.so -Wl,-rpath,/usr/lib/postfix
 *
 * The declarations are what the interface is known by; Debian has no headers of it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct VSTREAM VSTREAM;
typedef struct DELIVERED_HDR_INFO DELIVERED_HDR_INFO;

extern VSTREAM *vstream_fopen(const char *, int, mode_t);
extern int vstream_fclose(VSTREAM *);
extern int vstream_fflush(VSTREAM *);
extern off_t vstream_fseek(VSTREAM *, off_t, int);
extern int rec_put(VSTREAM *, int, const char *, ssize_t);
extern DELIVERED_HDR_INFO *delivered_hdr_init(VSTREAM *, off_t, int);
extern int delivered_hdr_find(DELIVERED_HDR_INFO *, const char *);
extern void delivered_hdr_free(DELIVERED_HDR_INFO *);
extern int var_line_limit, util_utf8_enable;
extern char *var_drop_hdrs;

enum { FOLD_ADDR_ALL = 3, LINE_LIMIT = 2048 };

/* put writes the message as records of a queue file: N ends a line, L does not. */
static void put(VSTREAM *queue, const char *p, size_t size)
{
	while (size > 0) {
		const char *end = memchr(p, '\n', size);
		size_t line = end ? (size_t) (end - p) : size, taken = line + (end != 0);

		if (end && line > 0 && p[line - 1] == '\r')
			line--;
		while (line > LINE_LIMIT) {
			rec_put(queue, 'L', p, LINE_LIMIT);
			p += LINE_LIMIT, line -= LINE_LIMIT, size -= LINE_LIMIT, taken -= LINE_LIMIT;
		}
		rec_put(queue, 'N', p, line);
		p += taken, size -= taken;
	}
	rec_put(queue, 'X', "", 0);
}

int main(int argc, char **argv)
{
	unsigned long rcpt_size, message_size;

	if (argc != 2)
		return 64;
	var_line_limit = LINE_LIMIT;
	util_utf8_enable = 1;
	var_drop_hdrs = "";
	while (scanf("%lu %lu", &rcpt_size, &message_size) == 2 && getchar() == '\n') {
		char *rcpt = calloc(1, rcpt_size + 1), *message = malloc(message_size + 1);
		VSTREAM *queue;
		DELIVERED_HDR_INFO *info;

		if (fread(rcpt, 1, rcpt_size, stdin) != rcpt_size || fread(message, 1, message_size, stdin) != message_size)
			return 66;
		if ((queue = vstream_fopen(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600)) == 0)
			return 73;
		put(queue, message, message_size);
		vstream_fflush(queue);
		vstream_fseek(queue, 0, SEEK_SET);
		info = delivered_hdr_init(queue, 0, FOLD_ADDR_ALL);
		puts(delivered_hdr_find(info, rcpt) ? "1" : "0");
		fflush(stdout);
		delivered_hdr_free(info);
		vstream_fclose(queue);
		free(rcpt), free(message);
	}
	return 0;
}
