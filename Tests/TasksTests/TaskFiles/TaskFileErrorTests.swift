import Testing

@testable import Tasks

/// Task files that are wrong, each answered with the line, what was found and what is allowed.
@Suite struct TaskFileErrorTests {
    private static let data = "data:\n  features: x.npy\n  labels: y.npy\n  test: {fraction: 25%}\n"
    private static let model = "model:\n  - dense: {name: fc1, outputs: 5}\n  - relu\n  - dense: {name: fc2}\n"
    private static let target = "target: 90%\n"

    private static func task(data: String = data, model: String = model, rest: String = target) -> String {
        data + model + rest
    }

    private static func data(_ lines: String) -> String { task(data: "data:\n" + lines) }
    private static func model(_ lines: String) -> String { task(model: "model:\n" + lines) }

    static let ofText: [(String, String)] = [
        ("", "t.yaml: empty; a task needs the keys data, model and target"),
        ("- 1\n", "t.yaml:1: expected the keys of a task: name, summary, data, model, loss, metric, target, defaults"),
        ("data: [\n", "t.yaml:2: not YAML: "),
        (task(rest: ""), "t.yaml:1: incomplete: no 'target'; a task needs the keys data, model and target"),
        (task(rest: target + "modell: 1\n"), "t.yaml:10: unknown key 'modell'; did you mean 'model'? Allowed: name,"),
        (task(rest: target + target), "t.yaml:10: 'target' stands twice"),
        (
            task(rest: "target: 97\n"),
            "t.yaml:9: '97' is outside 0 to 1, and has no %; write a share such as 97% or 0.97"
        ),
        (task(rest: "target: 0%\n"), "t.yaml:9: the target '0%'; allowed is an accuracy above 0 up to 1"),
        (task(rest: target + "name: a/b\n"), "t.yaml:10: the name 'a/b'; allowed are up to 60 letters, digits,"),
        (task(rest: target + "name: [a]\n"), "t.yaml:10: expected one value, not a list or mapping"),
    ]

    static let ofData: [(String, String)] = [
        (data("  labels: y.npy\n  test: {fraction: 25%}\n"), "t.yaml:2: no 'features'; data have features and labels"),
        (
            data("  features: x.npy\n  labels: y.npy\n"),
            "t.yaml:2: no 'test'; allowed are {features: FILE, labels: FILE},"
        ),
        (data("  features: z.npy\n  labels: y.npy\n  test: {fraction: 25%}\n"), "t.yaml:2: z.npy does not exist"),
        (
            data("  feature: x.npy\n"),
            "t.yaml:2: unknown key 'feature'; did you mean 'features'? Allowed: features, labels,"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {fraction: 1}\n"),
            "t.yaml:4: '1' of the samples to test on; allowed is a share above 0 % and below 100 %"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {fraction: 90%}\n"),
            "t.yaml:4: 1 samples to train on; allowed are 6 at least"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {users: 25%}\n"),
            "t.yaml:4: the data do not say whose samples they are; add 'users:' under 'data:'"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {features: tx.npy}\n"),
            "t.yaml:4: no 'labels'; data have features and labels"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {features: narrow.npy, labels: ty.npy}\n"),
            "t.yaml:4: narrow.npy has samples of [3], and x.npy of [4]; allowed are the same"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {features: tx.npy, labels: ty.npy, users: tu.npy}\n"),
            "t.yaml:4: users of the test set alone; allowed are of both or none"
        ),
        (
            data("  features: x.npy\n  labels: ty.npy\n  test: {fraction: 25%}\n"),
            "t.yaml:3: ty.npy has 2 labels, and x.npy 12 samples; allowed are as many"
        ),
        (
            data("  features: x.npy\n  labels: x.npy\n  test: {fraction: 25%}\n"),
            "t.yaml:3: x.npy: shape [12, 4]; allowed is one value a sample; of a row for each class, save y.argmax(1)"
        ),
        (
            data("  features: x.npy\n  labels: half.npy\n  test: {fraction: 25%}\n"),
            "t.yaml:3: half.npy: sample 1 has 0.5; allowed are whole numbers, or texts"
        ),
        (
            data("  features: nan.npy\n  labels: y.npy\n  test: {fraction: 25%}\n"),
            "t.yaml:2: nan.npy: sample 1 has nan as its number 3; allowed are finite numbers"
        ),
        (
            data("  features: wide.npy\n  labels: y.npy\n  test: {fraction: 25%}\n"),
            "t.yaml:2: wide.npy: sample 1 has a number beyond what 32 bits hold as its number 2; allowed are finite numbers up to 3.4"
        ),
        (
            data("  text: t.txt.gz\n  window: 4\n  test: {fraction: 20%}\n"),
            "t.yaml:2: t.txt.gz: not UTF-8 text, but gzipped; allowed is the file that gunzip makes of it"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {fraction: 25%}\n  scale: 0\n"),
            "t.yaml:5: '0' is not a scale; allowed is a number above 0 up to 1e+30"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {fraction: 25%}\n  scale: 2\n  standardize: yes\n"),
            "t.yaml:5: 'scale' beside 'standardize', which scales anyway; allowed is one of them"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {fraction: 25%}\n  scale: 1e-40\n"),
            "t.yaml:5: x.npy has 3, which divided by 9.99994"
        ),
        (
            data("  features: x.npy\n  labels: /dev/zero\n  test: {fraction: 25%}\n"),
            "t.yaml:3: /dev/zero is a pipe or a device; allowed is a file"
        ),
        (
            data("  features: x.npy\n  labels: many.npy\n  test: {fraction: 25%}\n"),
            "t.yaml:3: many.npy: sample 12 has the label 256; allowed are 0 to 255, up to 256 classes"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {fraction: 25%}\n  standardize: maybe\n"),
            "t.yaml:5: 'maybe' is neither yes nor no"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {fraction: 25%}\n  shape: [3, 2]\n"),
            "t.yaml:5: shape [3, 2] for samples of 4 numbers ([4] in x.npy); allowed are up to three sizes whose product is 4"
        ),
        (
            data("  features: last.npy\n  labels: y.npy\n  test: {fraction: 25%}\n"),
            "t.yaml:2: last.npy: samples of [5, 5, 3], which look like images with their channels last; allowed are channels,"
        ),
        (
            data("  features: x.npy\n  labels: y.npy\n  test: {fraction: 25%}\n  columns: [1]\n"),
            "t.yaml:5: 'columns' are those of a .csv file, and features are of x.npy"
        ),
        (
            data("  features: t.csv\n  labels: t.csv:color\n  test: {fraction: 25%}\n"),
            "t.yaml:3: t.csv: unknown column 'color'; did you mean 'colour'? Allowed: size, age, colour, who"
        ),
        (
            data(
                "  features: t.csv\n  labels: t.csv:colour\n  test: {fraction: 25%}\n  columns:\n    - size\n    - agee\n"
            ),
            "t.yaml:7: t.csv: unknown column 'agee'; did you mean 'age'? Allowed: size, age, colour, who"
        ),
        (
            data("  features: t.csv\n  labels: t.csv:age\n  test: {fraction: 25%}\n  columns: [size, 2]\n"),
            "t.yaml:5: t.csv: column '2' is what is to be predicted; allowed are the other columns"
        ),
        (
            data(
                "  features: t.csv\n  labels: t.csv:age\n  columns: [size]\n  test: {features: swapped.csv, labels: swapped.csv:years}\n"
            ),
            "t.yaml:5: swapped.csv: unknown column 'years'. Allowed: age, size, colour"
        ),
        (
            data("  features: t.csv\n  labels: t.csv:colour\n  test: {fraction: 25%}\n"),
            "t.yaml:2: t.csv:2: 'p0' in column 'who' is no number; allowed are numbers with a decimal point, or say with columns:"
        ),
        (
            data("  features: t.csv\n  labels: t.csv\n  test: {fraction: 25%}\n  columns: [size]\n"),
            "t.yaml:3: t.csv has 4 columns; name one, such as t.csv:who"
        ),
    ]

    static let ofModels: [(String, String)] = [
        (model("  []\n"), "t.yaml:6: a model of 0 layers; allowed are 1 to 1000"),
        (
            model("  - dense: {name: fc1}\n  - relu\n  - dense: {name: fc2}\n"),
            "t.yaml:6: 'dense' needs 'outputs', a number of outputs; only the last layer's follow from the classes"
        ),
        (model("  - densee: 3\n"), "t.yaml:6: unknown layer 'densee'; did you mean 'dense'? Allowed: conv, maxpool, "),
        (
            model("  - batchnorm\n"),
            "t.yaml:6: 'batchnorm' mixes the samples of a batch, which workers share; allowed in its place is groupnorm, or: conv,"
        ),
        (
            model("  - dropout: 0.5\n"),
            "t.yaml:6: 'dropout' draws masks that belong to a worker's steps, and not to samples; leave it out; allowed are: conv,"
        ),
        (model("  - dense: {name: fc, units: 3}\n"), "t.yaml:6: unknown key 'units'"),
        (
            model("  - dense: {name: fc, outputs: 2}\n"),
            "t.yaml:6: 2 outputs for 3 classes; allowed are as many, or leave 'outputs' out"
        ),
        (
            model("  - dense: {name: a, outputs: 3}\n  - dense: {name: a}\n"),
            "t.yaml:7: two layers are named 'a', the first in line 6; allowed are names of their own"
        ),
        (
            model("  - dense: {name: a}\n  - relu\n"),
            "t.yaml:6: 'dense' needs 'outputs', a number of outputs; only the last layer's follow from the classes"
        ),
        (
            model("  - dense: {name: a, outputs: 3}\n  - relu\n"),
            "t.yaml:7: the last layer is 'relu'; allowed is dense,"
        ),
        (model("  - relu: 3\n"), "t.yaml:6: 'relu' takes nothing; write '- relu'"),
        (
            model("  - conv: {filters: 3, kernel: 3}\n  - flatten\n  - dense: {name: fc}\n"),
            "t.yaml:6: 'conv' with a kernel of 3 for 4 without padding; allowed is 1 to 1"
        ),
        (
            model("  - conv: {filters: 0, kernel: 3}\n"),
            "t.yaml:6: '0' is not a number of filters; allowed is a whole number"
        ),
        (
            model("  - conv: {filters: 3, kernel: 4, padding: 1}\n"),
            "t.yaml:6: '1' is not a padding; allowed are valid, same, 0 for a kernel of 4 and stride 1"
        ),
        (
            model("  - maxpool: 2\n  - dense: {name: fc}\n"),
            "t.yaml:6: 'maxpool' with a window of 2 for 4; allowed is 1 to 1"
        ),
        (
            task(
                data: "data:\n  features: images.npy\n  labels: y.npy\n  test: {fraction: 25%}\n",
                model: "model:\n  - dense: {name: fc}\n"),
            "t.yaml:6: 'dense' for 1x8x8; put '- flatten' before it"
        ),
        (
            model(
                "  - dense: {name: big, outputs: 16777216}\n  - dense: {name: more, outputs: 16777216}\n  - dense: {name: fc}\n"
            ),
            "t.yaml:7: 'dense' with 16777216 outputs for 16777216 inputs; allowed are fewer"
        ),
    ]

    static let ofLosses: [(String, String)] = [
        (
            task(rest: "loss: hinge\n" + target),
            "t.yaml:9: unknown loss 'hinge'. Allowed: cross_entropy, binary_cross_entropy, squared_error"
        ),
        (
            task(rest: "metric: rmse\n" + target),
            "t.yaml:9: unknown metric 'rmse'. Allowed: accuracy, loss, perplexity, auc"
        ),
        (
            task(model: "model:\n  - dense: {name: a}\n", rest: "loss: binary_cross_entropy\n" + target),
            "t.yaml:7: a binary cross-entropy of 3 classes; allowed are two"
        ),
        (
            model("  - residual: [dense: {name: a, outputs: 3}]\n  - dense: {name: b}\n"),
            "t.yaml:6: 'residual': its layers make 3 of 4, and only what has one shape can be added up"
        ),
        (
            model(
                "  - layernorm\n  - embedding: {name: e, dimension: 2, vocabulary: 40}\n  - last\n  - dense: {name: b}\n"
            ),
            "t.yaml:7: 'embedding' behind other layers; allowed is the first place"
        ),
        (
            model("  - residual: [embedding: {name: e, dimension: 2, vocabulary: 40}]\n  - dense: {name: b}\n"),
            "t.yaml:6: 'embedding' behind other layers; allowed is the first place"
        ),
        (
            model("  - embedding: {name: e, dimension: 2, vocabulary: 4}\n  - last\n  - dense: {name: b}\n"),
            "t.yaml:6: a sample has 1.75, and an embedding of 4 symbols takes whole numbers from 0 to 3"
        ),
    ]

    static let ofDefaults: [(String, String)] = [
        (task(rest: target + "defaults: {rate: 1}\n"), "t.yaml:10: unknown key 'rate'"),
        (task(rest: target + "defaults: {learning_rate: -1}\n"), "t.yaml:10: '-1' is not a learning rate; allowed is "),
        (
            task(rest: target + "defaults: {batch: many}\n"),
            "t.yaml:10: 'batch' is 'many'; allowed is a whole number from 1 to"
        ),
        (
            task(rest: target + "defaults: {clients: users}\n"),
            "t.yaml:10: 'users': the data do not say whose samples they are; add 'users:' under 'data:'"
        ),
        (
            task(rest: target + "defaults: {partition: natural}\n"),
            "t.yaml:10: 'natural': the data do not say whose samples they are; add 'users:' under 'data:'"
        ),
        (
            task(rest: target + "defaults: {optimizer: adan}\n"),
            "t.yaml:10: unknown optimizer 'adan'; did you mean 'adam'?"
        ),
        (
            task(rest: target + "defaults: {optimizer: adam, momentum: 0.9}\n"),
            "t.yaml:10: 'momentum' is of sgd, and the optimizer is adam; leave one of them out"
        ),
        (
            task(rest: target + "defaults: {momentum: 1}\n"),
            "t.yaml:10: '1' is not a momentum; allowed is a number from 0"
        ),
        (
            task(rest: target + "defaults: {epochs: 0}\n"),
            "t.yaml:10: '0' is not a number of epochs; allowed is a number above 0"
        ),
    ]

    @Test(arguments: ofText + ofData + ofModels + ofLosses + ofDefaults)
    func everyMistakeIsAnsweredWithItsLine(_ text: String, _ message: String) throws {
        try TaskFolder.with { folder in
            let found = try folder.message(text)
            #expect(found.hasPrefix(message), "\(found)")
        }
    }

    @Test func thereAreFortyOfThem() {
        #expect(Self.ofText.count + Self.ofData.count + Self.ofModels.count + Self.ofDefaults.count >= 40)
    }

    @Test func theTaskThatTheyChangeIsRight() throws {
        let found = try TaskFolder.with { folder in try folder.message(Self.task()) }
        #expect(found == "")
    }

    @Test func aFileThatIsNotThereIsNamed() {
        #expect(throws: TaskFileError("task file 'none.yaml' does not exist or cannot be read")) {
            try TaskFiles.contents("none.yaml")
        }
    }
}
