package io.iocp4j.relay;

/**
 * Where a publisher comes from. Immutable.
 *
 * @param address of the client; null for one inside the relay
 * @param agent its User-Agent, or what it is
 */
record PublisherInfo(String address, String agent) {
    /** The longest agent that is kept, in characters. */
    private static final int AGENT_MAX = 200;

    PublisherInfo {
        agent = agent == null ? "" : agent.substring(0, Math.min(AGENT_MAX, agent.length()));
    }
}
