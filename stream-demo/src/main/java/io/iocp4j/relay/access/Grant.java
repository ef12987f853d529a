package io.iocp4j.relay.access;

import java.time.Instant;

/**
 * The permission to do one thing. Immutable. Any thread.
 *
 * @param who a name for the log: of a token, a user, a key of links, or {@value AllowRule#ANYONE}
 * @param until when it ends; null for never
 * @param maxViewers how many may watch with it at once; {@code Integer.MAX_VALUE} for any number
 * @param shared equal for all that count together for {@code maxViewers}; no secret
 */
public record Grant(String who, Instant until, int maxViewers, String shared) {
    /** The permission of everybody. */
    public static final Grant ANYONE = forever(AllowRule.ANYONE);

    static Grant forever(String who) {
        return new Grant(who, null, Integer.MAX_VALUE, who);
    }
}
