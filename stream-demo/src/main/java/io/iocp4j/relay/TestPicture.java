package io.iocp4j.relay;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.LinearGradientPaint;
import java.awt.MultipleGradientPaint.CycleMethod;
import java.awt.RadialGradientPaint;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Arc2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Point2D;
import java.awt.geom.Rectangle2D;
import java.awt.geom.RoundRectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A moving test picture drawn with the JDK alone: colour bars, a bouncing ball, a sweeping dial, a clock, and a row of
 * cells that advances by one with each frame. A viewer sees at once whether the picture is live and smooth.
 *
 * <p>The lowest {@link #codeHeight()} rows carry a machine-readable time code of {@value #CODE_BLOCKS} blocks of equal
 * width. They show the low bits of the time in milliseconds, the highest bit at the left, white for 1. The difference
 * between the time read back from a frame and the clock of the viewer is the latency from picture to picture.
 *
 * <p>It needs neither a screen nor a font. One thread only: the image and the JPEG writer are reused for each frame.
 */
public final class TestPicture {
    /** Blocks of the time code at the bottom edge. */
    public static final int CODE_BLOCKS = 32;
    /** Quality of the JPEG encoder, from 0 to 1. */
    public static final float JPEG_QUALITY = 0.75f;

    private static final int MIN_WIDTH = 160;
    private static final int MIN_HEIGHT = 90;
    private static final int MAX_SIDE = 4096;
    private static final int MAX_FPS = 240;

    /** The height of the layout, which is scaled to the picture. */
    private static final double HEIGHT = 360;
    private static final double BARS_BOTTOM = 206;
    private static final double PANEL_TOP = 218;
    private static final double MARGIN = 26;
    private static final double DIAL_RADIUS = 46;
    private static final double BALL_RADIUS = 21;
    private static final int TRAIL = 14;

    private static final Color INK = new Color(0x0b1020);
    private static final Color CYAN = new Color(0x6fe9ff);
    private static final Color AMBER = new Color(0xffb454);
    private static final Color MUTED = new Color(0x7d8bab);
    private static final Color[] BARS = {new Color(0xdfe3e8), new Color(0xe6cf3c), new Color(0x2fc4d6),
        new Color(0x35bd68), new Color(0xc452c9), new Color(0xdd4a40), new Color(0x3f5fdc)};
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT);
    private static final String ALL_LIT = "88:88:88.888";

    private final int width;
    private final int height;
    private final int fps;
    private final double wide;
    private final ZoneId zone = ZoneId.systemDefault();
    private final SegmentDisplay clock;
    private final SegmentDisplay counter;
    private final double clockWidth;
    private final BufferedImage backdrop;
    private final BufferedImage image;
    private final ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    private final ImageWriteParam quality = writer.getDefaultWriteParam();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(64 * 1024);

    /**
     * Prepares a picture.
     *
     * @param width  width in pixels, 160 to 4096 and at least the height
     * @param height height in pixels, 90 to 4096
     * @param fps    frames per second that the caller will draw, 1 to 240; it does not change the speed of movements
     * @throws IllegalArgumentException if a value is outside its range
     */
    public TestPicture(int width, int height, int fps) {
        check("width", width, MIN_WIDTH, MAX_SIDE);
        check("height", height, MIN_HEIGHT, MAX_SIDE);
        check("fps", fps, 1, MAX_FPS);
        if (width < height) {
            throw new IllegalArgumentException("only wide pictures have room for the clock: " + width + "x" + height);
        }
        this.width = width;
        this.height = height;
        this.fps = fps;
        this.wide = HEIGHT * width / height;
        double room = wide - 3 * MARGIN - 2 * DIAL_RADIUS;
        double digits = Math.min(60, 60 * room / SegmentDisplay.width(ALL_LIT, 60));
        this.clockWidth = SegmentDisplay.width(ALL_LIT, digits);
        this.clock = new SegmentDisplay(MARGIN, 258 + (60 - digits) / 2, digits, CYAN);
        this.counter = new SegmentDisplay(MARGIN + clockWidth - SegmentDisplay.width("00000000", 13), 234, 13, AMBER);
        this.backdrop = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        this.image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        quality.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        quality.setCompressionQuality(JPEG_QUALITY);
        Graphics2D g = graphics(backdrop);
        paintBackdrop(g);
        g.dispose();
    }

    /**
     * Returns the height of the time code at the bottom edge.
     *
     * @return rows of pixels, an eighteenth of the picture and at least 8
     */
    public int codeHeight() {
        return Math.max(8, height / 18);
    }

    /**
     * Draws and encodes one frame. The same arguments give the same picture.
     *
     * @param frame       number of the frame, from 0
     * @param epochMillis time to show, in milliseconds since 1970-01-01T00:00Z; the clock shows it in the zone of this
     *                    machine
     * @return a complete JPEG image that belongs to the caller
     */
    public byte[] jpeg(long frame, long epochMillis) {
        Graphics2D g = graphics(image);
        AffineTransform layout = g.getTransform();
        g.setTransform(new AffineTransform());
        g.drawImage(backdrop, 0, 0, null);
        paintCode(g, epochMillis);
        g.setTransform(layout);
        double seconds = (double) frame / fps;
        paintBeam(g, seconds);
        paintBall(g, seconds);
        paintDial(g, seconds);
        paintCells(g, frame);
        counter.draw(g, String.format(Locale.ROOT, "%08d", Math.floorMod(frame, 100_000_000L)));
        clock.draw(g, TIME.format(LocalTime.ofInstant(Instant.ofEpochMilli(epochMillis), zone)));
        g.dispose();
        return encode();
    }

    private Graphics2D graphics(BufferedImage target) {
        Graphics2D g = target.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        g.scale(height / HEIGHT, height / HEIGHT);
        return g;
    }

    private void paintBackdrop(Graphics2D g) {
        g.setPaint(new GradientPaint(0, (float) PANEL_TOP, new Color(0x151d36), 0, (float) HEIGHT, INK));
        g.fill(new Rectangle2D.Double(0, 0, wide, HEIGHT));
        double bar = wide / BARS.length;
        for (int i = 0; i < BARS.length; i++) {
            // One unit wider than a bar, so that no seam is visible where two edges are antialiased.
            g.setColor(BARS[i]);
            g.fill(new Rectangle2D.Double(i * bar, 0, bar + 1, BARS_BOTTOM));
            g.setColor(i % 2 == 0 ? BARS[BARS.length - 1 - i] : INK);
            g.fill(new Rectangle2D.Double(i * bar, BARS_BOTTOM, bar + 1, PANEL_TOP - BARS_BOTTOM));
        }
        g.setPaint(new GradientPaint(0, 0, new Color(255, 255, 255, 30), 0, (float) PANEL_TOP,
                SegmentDisplay.alpha(INK, 110)));
        g.fill(new Rectangle2D.Double(0, 0, wide, PANEL_TOP));

        new SegmentDisplay(MARGIN, 234, 13, MUTED).draw(g, "IOCP4J");
        counter.drawDark(g, "88888888");
        clock.drawDark(g, ALL_LIT);
        Point2D centre = dialCentre();
        g.setColor(SegmentDisplay.alpha(CYAN, 14));
        g.fill(circle(centre, DIAL_RADIUS));
        for (int i = 0; i < 60; i++) {
            double angle = i * Math.PI / 30;
            double inner = DIAL_RADIUS - (i % 5 == 0 ? 8 : 4);
            g.setColor(SegmentDisplay.alpha(MUTED, i % 5 == 0 ? 230 : 110));
            g.draw(new Line2D.Double(onCircle(centre, inner, angle), onCircle(centre, DIAL_RADIUS - 1, angle)));
        }
    }

    /** Paints a soft light that crosses the bars every three seconds. */
    private void paintBeam(Graphics2D g, double seconds) {
        double half = 46;
        double x = -half + (wide + 2 * half) * phase(seconds, 3);
        Color clear = new Color(255, 255, 255, 0);
        g.setPaint(new LinearGradientPaint(new Point2D.Double(x - half, 0), new Point2D.Double(x + half, 0),
                new float[] {0, 0.5f, 1}, new Color[] {clear, new Color(255, 255, 255, 95), clear}));
        g.fill(new Rectangle2D.Double(x - half, 0, 2 * half, PANEL_TOP));
    }

    private void paintBall(Graphics2D g, double seconds) {
        for (int i = TRAIL; i > 0; i--) {
            g.setColor(new Color(255, 255, 255, 4 + 2 * (TRAIL - i)));
            g.fill(circle(ballAt(seconds - i * 0.014), BALL_RADIUS * (1 - i * 0.045)));
        }
        Point2D ball = ballAt(seconds);
        double fall = ball.getY() / (BARS_BOTTOM - BALL_RADIUS);
        double shadow = BALL_RADIUS * (1.5 - 0.6 * fall);
        g.setColor(SegmentDisplay.alpha(INK, (int) (40 + 90 * Math.max(0, fall))));
        g.fill(new Ellipse2D.Double(ball.getX() - shadow, BARS_BOTTOM - 4, 2 * shadow, 8));
        Point2D light = new Point2D.Double(ball.getX() - 0.35 * BALL_RADIUS, ball.getY() - 0.4 * BALL_RADIUS);
        g.setPaint(new RadialGradientPaint(ball, (float) BALL_RADIUS, light, new float[] {0, 0.45f, 1},
                new Color[] {new Color(0xfff6e0), new Color(0xff8a3c), new Color(0x9c2b16)}, CycleMethod.NO_CYCLE));
        g.fill(circle(ball, BALL_RADIUS));
    }

    private Point2D ballAt(double seconds) {
        double across = phase(seconds, 6);
        double x = BALL_RADIUS + (wide - 2 * BALL_RADIUS) * (1 - Math.abs(2 * across - 1));
        double jump = 2 * phase(seconds, 1.1) - 1;
        double top = BALL_RADIUS + 18;
        return new Point2D.Double(x, top + (BARS_BOTTOM - BALL_RADIUS - top) * jump * jump);
    }

    /** Paints the dial, which turns once in two seconds and has a fading trail. */
    private void paintDial(Graphics2D g, double seconds) {
        Point2D centre = dialCentre();
        double degrees = 90 - 360 * phase(seconds, 2);
        double radius = DIAL_RADIUS - 10;
        for (int i = 0; i < 12; i++) {
            g.setColor(SegmentDisplay.alpha(CYAN, 120 - 10 * i));
            g.fill(new Arc2D.Double(centre.getX() - radius, centre.getY() - radius, 2 * radius, 2 * radius,
                    degrees + 8 * i, 8, Arc2D.PIE));
        }
        g.setColor(AMBER);
        g.fill(circle(onCircle(centre, DIAL_RADIUS - 5, Math.toRadians(90 - degrees)), 4.5));
        g.setColor(Color.WHITE);
        g.fill(circle(centre, 3));
    }

    /** Paints one cell for each frame of a second. A dropped frame is visible as a jump. */
    private void paintCells(Graphics2D g, long frame) {
        int current = (int) Math.floorMod(frame, (long) fps);
        double step = clockWidth / fps;
        double gap = Math.min(2, step / 4);
        for (int i = 0; i < fps; i++) {
            int age = Math.floorMod(current - i, fps);
            g.setColor(age == 0 ? AMBER : SegmentDisplay.alpha(CYAN, age <= 6 ? 190 - 25 * age : 30));
            g.fill(new RoundRectangle2D.Double(MARGIN + i * step, 326, step - gap, 6, 3, 3));
        }
    }

    private void paintCode(Graphics2D g, long epochMillis) {
        int top = height - codeHeight();
        for (int i = 0; i < CODE_BLOCKS; i++) {
            int left = i * width / CODE_BLOCKS;
            int right = (i + 1) * width / CODE_BLOCKS;
            g.setColor((epochMillis >>> CODE_BLOCKS - 1 - i & 1) != 0 ? Color.WHITE : Color.BLACK);
            g.fillRect(left, top, right - left, height - top);
        }
    }

    private byte[] encode() {
        bytes.reset();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), quality);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        } finally {
            writer.setOutput(null);
        }
        return bytes.toByteArray();
    }

    private Point2D dialCentre() {
        return new Point2D.Double(wide - MARGIN - DIAL_RADIUS, (PANEL_TOP + HEIGHT - 20) / 2);
    }

    private static Ellipse2D circle(Point2D centre, double radius) {
        return new Ellipse2D.Double(centre.getX() - radius, centre.getY() - radius, 2 * radius, 2 * radius);
    }

    /** Returns a point on a circle; the angle counts clockwise from the top. */
    private static Point2D onCircle(Point2D centre, double radius, double angle) {
        return new Point2D.Double(centre.getX() + radius * Math.sin(angle), centre.getY() - radius * Math.cos(angle));
    }

    /** Returns the position of a time within a period, both in seconds: from 0 to below 1. */
    private static double phase(double seconds, double period) {
        double turns = seconds / period;
        return turns - Math.floor(turns);
    }

    private static void check(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be " + min + " to " + max + ", not " + value);
        }
    }
}
