/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * All clients, in the order in which they run: CLIENT(name, most, least, command…).
 *
 * most: getrandom system calls of the command, its threads and its children, at
 * most, where the image has __vdso_getrandom: one for each of the two keys that a
 * fresh state fetches with its first two draws, and one that glibc's malloc makes in each program.
 * least: how many there are at least where it has not; REFUSED means that the
 * command must fail there.
 */

/* Five threads and the child of a fork: twelve keys. */
CLIENT(glibc, 14, 13000, "/clients/threads", "getrandom", "5", "2000", "3000")
CLIENT(glibc-arc4random, 14, 3000, "/clients/threads", "arc4random", "5", "500", "500")
/* glibc 2.41 serves getrandom and arc4random by the vDSO, and getentropy by the system call as before. */
CLIENT(glibc-getentropy, 1310, 1300, "/clients/threads", "getentropy", "5", "200", "300")
/* All thousand have a state at the same time. */
CLIENT(glibc-1000-threads, 2004, 6000, "/clients/threads", "getrandom", "1000", "6", "6")
/* A thread gets the state of the one that has ended, with the key in it. */
CLIENT(glibc-thread-exit, 4, 5000, "/clients/turns", "100", "50")
/* glibc asks no vDSO for its copies in other namespaces: theirs are system calls, the first copy's are not. */
CLIENT(glibc-dlmopen, 1011, 2000, "/clients/namespaces", "1000")
CLIENT(glibc-forbidden, 3, REFUSED, "/clients/forbidden", "1000")
CLIENT(glibc-unlocked, 14, 3000, "/clients/unlocked", "/clients/threads", "getrandom", "5", "500", "500")
/* Two keys for the state of each thread of Go's own, not for each goroutine. */
CLIENT(go, 8, 20000, "/clients/reads", "16", "1250")
CLIENT(python, 19, 2000, "/usr/bin/python3.13", "-B", "-S", "/clients/tokens.py", "4", "500")
/* OpenSSL draws from a generator of its own and asks for its seeds by the system call. */
CLIENT(openssl, 15, 5, "/clients/openssl", "5", "1024")
/* Linked with glibc 2.41 for good, a program is served by the system call: the library only asks the vDSO where it is shared. */
CLIENT(glibc-static, 1310, 1300, "/clients/threads-static", "getrandom", "5", "200", "300")
/* The C library of the release before knows of no vDSO for this, and nothing changes for it. */
CLIENT(glibc-2.36, 1310, 1300, "/bookworm/ld.so", "--library-path", "/bookworm", "/clients/threads", "getrandom", "5",
       "200", "300")
