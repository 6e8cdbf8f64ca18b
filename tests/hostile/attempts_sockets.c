/* Sockets of every kind, and other ways to talk. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "hostile.h"

#define SOCKET(name, family, type, protocol)                \
	static int name(const struct orders *o)             \
	{                                                   \
		(void)o;                                    \
		return socket(family, type, protocol) >= 0; \
	}

SOCKET(inet_tcp, AF_INET, SOCK_STREAM, 0)
SOCKET(inet_udp, AF_INET, SOCK_DGRAM, 0)
SOCKET(inet_raw, AF_INET, SOCK_RAW, IPPROTO_ICMP)
SOCKET(inet_ping, AF_INET, SOCK_DGRAM, IPPROTO_ICMP)
SOCKET(inet6_tcp, AF_INET6, SOCK_STREAM, 0)
SOCKET(inet6_udp, AF_INET6, SOCK_DGRAM, 0)
SOCKET(unix_stream, AF_UNIX, SOCK_STREAM, 0)
SOCKET(unix_dgram, AF_UNIX, SOCK_DGRAM, 0)
SOCKET(net_link, AF_NETLINK, SOCK_RAW, 0)
SOCKET(packet, AF_PACKET, SOCK_RAW, 0)
SOCKET(vsock, 40, SOCK_STREAM, 0)
SOCKET(crypto, 38, SOCK_SEQPACKET, 0)
SOCKET(bluetooth, 31, SOCK_RAW, 1)
SOCKET(sctp, AF_INET, SOCK_STREAM, 132)

static int connect_test(const struct orders *o)
{
	struct sockaddr_in a;
	memset(&a, 0, sizeof a);
	a.sin_family = AF_INET;
	a.sin_port = htons((uint16_t)atoi(o->port));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
}

/* A descriptor number that was never opened may be guessed. */
static int connect_blind(const struct orders *o)
{
	struct sockaddr_in a;
	memset(&a, 0, sizeof a);
	a.sin_family = AF_INET;
	a.sin_port = htons((uint16_t)atoi(o->port));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int fd = 0; fd < 32; fd++)
		if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ||
		    sendto(fd, "x", 1, 0, (struct sockaddr *)&a, sizeof a) == 1)
			return 1;
	return 0;
}

static int pair(const struct orders *o)
{
	int fd[2];
	(void)o;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0;
}

static int resolve(const struct orders *o)
{
	struct addrinfo *list = NULL;
	(void)o;
	return getaddrinfo("localhost", "80", NULL, &list) == 0;
}

static int new_pipe(const struct orders *o)
{
	int fd[2];
	(void)o;
	return pipe(fd) == 0;
}

static int shared_memory(const struct orders *o)
{
	(void)o;
	return shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) >= 0;
}

static int message_queue(const struct orders *o)
{
	(void)o;
	return msgget(IPC_PRIVATE, IPC_CREAT | 0600) >= 0;
}

static int semaphore(const struct orders *o)
{
	(void)o;
	return semget(IPC_PRIVATE, 1, IPC_CREAT | 0600) >= 0;
}

static int posix_queue(const struct orders *o)
{
	(void)o;
	return syscall(SYS_mq_open, "saksi-hostile", O_CREAT | O_RDWR, 0600, NULL) >= 0;
}

const struct attempt attempts_sockets[] = {{"inet-tcp", inet_tcp}, {"inet-udp", inet_udp},
    {"inet-raw", inet_raw}, {"inet-ping", inet_ping}, {"inet6-tcp", inet6_tcp},
    {"inet6-udp", inet6_udp}, {"unix-stream", unix_stream}, {"unix-dgram", unix_dgram},
    {"netlink", net_link}, {"packet", packet}, {"vsock", vsock},
    {"crypto-socket", crypto}, {"bluetooth", bluetooth}, {"sctp", sctp},
    {"connect", connect_test}, {"connect-blind", connect_blind}, {"socketpair", pair},
    {"resolve", resolve}, {"pipe", new_pipe}, {"shared-memory", shared_memory},
    {"message-queue", message_queue}, {"semaphore", semaphore},
    {"posix-queue", posix_queue}, {NULL, NULL}};
