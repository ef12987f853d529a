package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.relay.access.Grant;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;

/**
 * The permission of one client while it lasts: ends it in time, and keeps its place among those that share a grant.
 * Any thread.
 */
final class Pass {
    /** Close code: a login is needed. */
    static final int LOGIN_NEEDED = 4401;
    /** Close code: the login does not allow it, or no longer. */
    static final int NOT_ALLOWED = 4403;
    /** Close code: too many viewers or attempts. */
    static final int TOO_MANY = 4429;

    /** How many viewers hold places, by {@link Grant#shared()}. */
    static final class Places {
        private final Map<String, Integer> taken = new ConcurrentHashMap<>();

        private boolean take(Grant grant) {
            int now = taken.merge(grant.shared(), 1, Integer::sum);
            if (now > grant.maxViewers()) {
                giveBack(grant);
                return false;
            }
            return true;
        }

        private void giveBack(Grant grant) {
            taken.computeIfPresent(grant.shared(), (key, count) -> count == 1 ? null : count - 1);
        }

        /** Returns how many grants have places taken. */
        int size() {
            return taken.size();
        }
    }

    private final Grant grant;
    private final CompletionPort port;
    private final Clock clock;
    private final Places places;
    /** Guarded by this. */
    private boolean placed;
    /** Guarded by this. */
    private boolean over;
    /** Guarded by this. */
    private Future<?> timer;

    Pass(Grant grant, CompletionPort port, Clock clock, Places places) {
        this.grant = grant;
        this.port = port;
        this.clock = clock;
        this.places = places;
    }

    /** Returns the name of the client: a token, a user, a key of links, or "anyone". */
    String who() {
        return grant.who();
    }

    /** Takes a place for a viewer, until {@link #end}. False if there is none. */
    synchronized boolean takePlace() {
        if (grant.maxViewers() == Integer.MAX_VALUE) {
            return true;
        }
        placed = !over && places.take(grant);
        return placed;
    }

    /** Runs a task when the permission ends, unless {@link #end} comes first. The task must not wait. */
    synchronized void begin(Runnable onExpiry) {
        if (grant.until() != null && !over) {
            Duration left = Duration.between(clock.instant(), grant.until());
            timer = port.schedule(left.isNegative() ? Duration.ZERO : left, onExpiry);
        }
    }

    /** The client is gone: frees its place and stops the timer. Later calls do nothing. */
    synchronized void end() {
        if (placed) {
            places.giveBack(grant);
            placed = false;
        }
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        over = true;
    }
}
