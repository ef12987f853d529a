package io.iocp4j.websocket;

import io.iocp4j.core.Stepper;
import io.iocp4j.core.TcpOptions;

/** One thread of the application sends without a break, and others pause and resume the receiver. */
class SteppedPauses extends SteppedWebSockets {
    private static final int BURST_MAX = 20;

    /** Until the others no longer wait for it. */
    private int sendersTurns;

    /** One message, or not even that: for what a pause leaves behind, the next receive matters. */
    @Override
    TcpOptions drawOptions() {
        int receive = 20 + random.nextInt(100);
        return super.drawOptions().receive(receive, receive);
    }

    @Override
    int callsInCallbacks() {
        return 0;
    }

    @Override
    protected Runnable application(int number) {
        Caller caller = new Caller(number, random.split());
        sendersTurns = 5;
        Runnable act = number == 1 ? () -> send(caller) : () -> pause(caller);
        return () -> {
            Stepper.await(() -> ends().stream().anyMatch(end -> end.isOfServer() && end.socket != null)
                    || openingsAreDone());
            act.run();
        };
    }

    /** When nothing moves any more. */
    private void send(Caller caller) {
        Stepper.await(() -> !world.isBusy(0));
        ends().stream().filter(end -> end.socket != null && !end.isOfServer()).forEach(end -> {
            for (int i = caller.mine.nextInt(BURST_MAX); i >= 0; i--) {
                end.socket.trySend(caller.text(end.socket));
            }
        });
        sendersTurns--;
    }

    /** While something moves. */
    private void pause(Caller caller) {
        Stepper.await(() -> world.isBusy(0) || sendersTurns <= 0);
        ends().stream().filter(end -> end.socket != null && end.isOfServer()).forEach(end -> {
            end.socket.pause();
            if (caller.mine.nextBoolean()) {
                end.socket.resume();
            }
        });
    }
}
