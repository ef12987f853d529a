import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketServerCompressionHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;

/** Netty as a peer of the lab: {@code NettyPeer nio|epoll|io_uring tcp|ws PORT WORKERS}. */
final class NettyPeer {
    private static final int MESSAGE_MAX = 16 << 20;
    private static final ChannelGroup VIEWERS = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

    /** How the sockets are served: the handler of a transport, and its listening channel. */
    private record Transport(IoHandlerFactory handler, Class<? extends ServerChannel> channel) {
        static Transport of(String name) {
            return switch (name) {
                case "nio" -> new Transport(NioIoHandler.newFactory(), NioServerSocketChannel.class);
                case "epoll" -> new Transport(EpollIoHandler.newFactory(), EpollServerSocketChannel.class);
                case "io_uring" -> new Transport(IoUringIoHandler.newFactory(), IoUringServerSocketChannel.class);
                default -> throw new IllegalArgumentException("no transport " + name);
            };
        }
    }

    public static void main(String[] args) throws InterruptedException {
        Transport transport = Transport.of(args[0]);
        boolean webSocket = args[1].equals("ws");
        new ServerBootstrap()
                .group(new MultiThreadIoEventLoopGroup(Integer.parseInt(args[3]), transport.handler))
                .channel(transport.channel)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (webSocket) {
                            addWebSocket(channel.pipeline());
                        } else {
                            channel.pipeline().addLast(new Echo());
                        }
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), Integer.parseInt(args[2])).sync()
                .channel().closeFuture().sync();
    }

    private static void addWebSocket(ChannelPipeline pipeline) {
        pipeline.addLast(new HttpServerCodec(), new HttpObjectAggregator(64 << 10),
                new WebSocketServerCompressionHandler(MESSAGE_MAX),
                new WebSocketServerProtocolHandler(WebSocketServerProtocolConfig.newBuilder().websocketPath("/")
                        .checkStartsWith(true).allowExtensions(true).maxFramePayloadLength(MESSAGE_MAX).build()),
                new WebSocketFrameAggregator(MESSAGE_MAX), new Messages());
    }

    /** Writes each piece of a read, and flushes at its end. */
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object data) {
            context.write(data, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }

    private static final class Messages extends SimpleChannelInboundHandler<WebSocketFrame> {
        private boolean publishes;

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete done) {
                publishes = done.requestUri().equals("/pub");
                if (done.requestUri().equals("/view")) {
                    VIEWERS.add(context.channel());
                }
            }
            super.userEventTriggered(context, event);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
            if (publishes) {
                VIEWERS.writeAndFlush(frame.retain());
            } else if (frame instanceof BinaryWebSocketFrame || frame instanceof TextWebSocketFrame) {
                context.write(frame.retain(), context.voidPromise());
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }
}
