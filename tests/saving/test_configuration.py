"""What a configuration may name, and that nothing else of Keras is called for it."""

import json
import sys
import zipfile

import keras
import pytest

from keras_cnn import load_model
from keras_cnn._checks import InputError
from keras_cnn.saving.configuration import Refused, check_configuration
from tests.saving import honest


def described(module, name, config=None, **more):
    """Describes an object as Keras writes it."""
    config = {} if config is None else config
    return {"module": module, "class_name": name, "config": config} | {
        "registered_name": None,
        **more,
    }


def function(module, name, **more):
    return described(module, "function", name, registered_name=name, **more)


ATTACKS = {
    "a class name with a dot": described("keras", "visualization.plot_image_gallery"),
    "a dotted setting": described("keras", "config.set_floatx"),
    "a dotted data set": described("keras", "datasets.mnist.load_data"),
    "a dotted application": described("keras.applications", "vgg16.VGG16"),
    "an application": described("keras.applications.vgg16", "VGG16"),
    "a function of keras.models": described("keras.models", "clone_model"),
    "a function as a class": described("keras.activations", "relu"),
    "a class as a function": function("keras.layers", "Dense"),
    "an optimizer as a function": function("builtins", "Adam"),
    "a maker as a function": function("builtins", "deserialize"),
    "a function of ops": function("keras.ops", "map"),
    "a saver": function("keras.saving", "save_model"),
    "a download": function("keras.utils", "get_file"),
    "a callback that writes": described("keras.callbacks", "CSVLogger"),
    "a callback that sends": described("keras.callbacks", "RemoteMonitor"),
    "a file editor": described("keras.saving", "KerasFileEditor"),
    "an archive to export to": described("keras.export", "ExportArchive"),
    "an operation that maps": described("keras.src.ops.core", "Map"),
    "an operation that loops": described("keras.src.ops.core", "WhileLoop"),
    "a vectorized map": described("keras.src.ops.core", "VectorizedMap"),
    "a function of operations": described("keras", "Function"),
    "a feature space": described("keras.utils", "FeatureSpace"),
    "a distiller": described("keras.distillation", "Distiller"),
    "another package": described("keras_hub.models", "Backbone"),
    "a module of Python": described("os", "system"),
    "builtins": described("builtins", "exec"),
    "a private module": described("keras.src.saving.saving_lib", "load_model"),
    "a backend": described("keras.src.backend.numpy", "Layer"),
    "a base class by its module": described("keras.src.layers.layer", "Layer"),
    "another registered name": described("keras.layers", "Dense", registered_name="os"),
    "another registered function": function("keras.activations", "relu")
    | {"registered_name": "get"},
    "a name that is not text": described("keras.layers", ["Dense"]),
    "a module that is not text": described(["keras.layers"], "Dense"),
    "a function that is not text": described("builtins", "function", {"a": 1}),
    # Keras looks such objects up by its older rules, which find functions.
    "no module": {"class_name": "serialize", "config": {"layer": 1}},
    "no module, registered": {
        "class_name": "deserialize",
        "config": {"config": 1},
        "registered_name": "keras_cnn>Dense",
    },
    "no configuration": {"class_name": "Dense", "module": "keras.layers"},
    "a pickled function": described("builtins", "__lambda__", {"value": ["", [], []]}),
    "a type": described("tensorflow", "__typespec__", [], spec_name="TensorSpec"),
    "an array of gigabytes": {
        "class_name": "__numpy__",
        "config": {"value": [0], "dtype": "V2000000000"},
    },
    "a tensor of pickles": {
        "class_name": "__tensor__",
        "config": {"value": [0], "dtype": "object"},
    },
    "a vocabulary in another file": described(
        "keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}
    ),
    "a vocabulary elsewhere": described(
        "keras.layers", "TextVectorization", {"vocabulary": "gs://bucket/words"}
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_not_part_of_a_network_is_refused(name):
    hidden = {"config": {"layers": [{"kwargs": {"deep": [[ATTACKS[name]]]}}]}}
    for config in (ATTACKS[name], hidden):
        with pytest.raises(Refused):
            check_configuration(config, keras.saving.get_registered_object)


# An optimizer that has not trained has less to load than Keras makes.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
@pytest.mark.parametrize("name", honest.SMALL)
def test_honest_models_load(tmp_path, name):
    honest.check(honest.SMALL[name](), tmp_path)


def test_a_registered_function_is_not_made_like_a_class():
    spoilt = described(None, "tripled", registered_name="tests>tripled")
    with pytest.raises(Refused, match="not a class"):
        check_configuration(spoilt, keras.saving.get_registered_object)
    with pytest.raises(Refused, match="not a function"):
        check_configuration(
            function(None, "tests>Doubled"), keras.saving.get_registered_object
        )


def test_a_configuration_of_a_million_values_is_refused():
    with pytest.raises(Refused, match="more than 1,000,000 values"):
        check_configuration([[0] * 1000] * 1001, keras.saving.get_registered_object)


def test_nothing_is_called_for_a_file_that_is_refused(tmp_path, monkeypatch):
    """Neither what it names nor the layers around it: with and without compiling."""
    monkeypatch.chdir(tmp_path)
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    inner.save("model.keras")
    with zipfile.ZipFile("model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    writes = described(
        "keras", "visualization.plot_image_gallery", {"path": "written.png"}
    )
    # Keras would call this function for the layer's name, with these arguments.
    calls = described("keras.src.ops.core", "Map", {"name": "map"}, inbound_nodes=[])
    config["config"]["layers"] += [calls]
    config["config"]["layers"][1]["config"]["kernel_initializer"] = writes
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile("crafted.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    events = []
    watching = True

    def watch(event, arguments):
        if watching and event in ("socket.connect", "subprocess.Popen", "os.system"):
            events.append(event)
        if watching and event == "open" and set(str(arguments[1])) & set("wax+"):
            events.append(arguments[0])

    sys.addaudithook(watch)
    try:
        for compile in (True, False):
            with pytest.raises(InputError, match="which is not part of a network"):
                load_model("crafted.keras", compile=compile)
    finally:
        watching = False
    assert events == []
