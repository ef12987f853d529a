package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;

/** The filter of an application. Its exceptions are logged, and a newcomer for which it throws is not admitted. */
final class GuardedFilter implements ConnectionFilter {
    private static final System.Logger LOG = new GuardedLog(TcpServer.class);

    private final ConnectionFilter filter;

    GuardedFilter(ConnectionFilter filter) {
        this.filter = filter;
    }

    @Override
    public boolean admits(InetSocketAddress local, InetSocketAddress remote) {
        try {
            return filter.admits(local, remote);
        } catch (Throwable thrown) {
            LOG.log(Level.WARNING, "the filter threw about " + remote + ", which therefore does not come in", thrown);
            return false;
        }
    }

    @Override
    public void onDrop(InetSocketAddress local, InetSocketAddress remote, DropReason why) {
        tell(() -> filter.onDrop(local, remote, why));
    }

    @Override
    public void onGone(InetSocketAddress remote) {
        tell(() -> filter.onGone(remote));
    }

    @Override
    public void onAcceptFailed(IoException failure) {
        tell(() -> filter.onAcceptFailed(failure));
    }

    private static void tell(Runnable call) {
        try {
            call.run();
        } catch (Throwable thrown) {
            LOG.log(Level.WARNING, "the filter threw; nothing else happens", thrown);
        }
    }
}
